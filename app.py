from tail_lite.app import main

main()
