from tail_lite.cli import main

main()
