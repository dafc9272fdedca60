"""Shortest distances from one vertex by Dijkstra's algorithm, on an undirected graph given as a list of edges.

An edge is one symbol, ``u-v:w``. The first pass (``g1 g2 …``) reads each once and files it under both ends: ``d3``
counts the edges at vertex 3 and ``e3,1 e3,2 …`` hold ``neighbour:weight``, so nothing later goes back to the list.
A tentative distance stands in ``t7``; it is blank until the vertex is discovered and ``x`` once it is settled, so one
look-up tells what to do with an edge. The distance of a settled vertex stands in ``f7``. Only open vertices, those
discovered and not settled, are scanned for the nearest one (``m``, at place ``p``): they stand in ``q1 … qn`` in no
order, and the last of them fills the hole that a settled one leaves. Distances of three digits cannot occur on a
handful of vertices and are rare on many; a sum or comparison of them takes two states, of smaller ones a single state.
"""

from __future__ import annotations

import heapq
import random

from tail_lite.tape import BLANK, Tape, Trace, Value
from tail_lite.tasks._checks import check_keys, is_whole
from tail_lite.tasks._moves import add, add_phrases, compare, compare_phrases, lay_out
from tail_lite.tasks.base import Problem, Task

_SETTLED = "x"
_AT_SIGHT = 100
_THREE = range(3)  # distances gathered by one state of the output


def sample(rng: random.Random, lo: int, hi: int) -> Problem:
    """A random tree, from deep chains to stars, and up to n + 1 further edges.

    Many of the further edges weigh about as much as the tree's path between their ends, so that ties, near ties and
    late improvements are common. Deep trees have light edges, which keeps distances above 99 rare.
    """
    draw = rng.random
    n = lo + int(draw() * (hi - lo + 1))
    shape = draw()
    if shape < 0.25:  # a chain
        back, top = 1, min(20, max(2, 150 // n))
    elif shape < 0.55:  # a narrow band
        back, top = 3, min(20, max(3, 240 // n))
    else:  # anything, or a few hubs
        back, top = n, 20
    hubs = 2 if shape > 0.85 else n
    if draw() < 0.2:
        top = min(top, 4)
    path = [0] * n  # the length of the tree's path from vertex 0
    edges: list[list[int]] = []
    seen: set[int] = set()
    for v in range(1, n):
        near = v if v < back else back
        u = int(draw() * min(v, hubs)) if near == v else v - 1 - int(draw() * near)
        weight = 1 + int(draw() * top)
        path[v] = path[u] + weight
        edges.append([u, v, weight])
        seen.add(u * n + v)
    room = min(2 * n, n * (n - 1) // 2) - n + 1
    extra = room if draw() < 0.05 else int((draw() + draw()) * 0.5 * (room + 1))
    for _ in range(4 * extra):  # some draws hit an edge that exists
        if len(edges) == n - 1 + extra:
            break
        u, v = int(draw() * n), int(draw() * n)
        if u > v:
            u, v = v, u
        if u != v and u * n + v not in seen:
            seen.add(u * n + v)
            weight = abs(path[v] - path[u]) + int(draw() * 10) - 2
            edges.append([u, v, weight if 1 <= weight <= 20 and draw() < 0.7 else 1 + int(draw() * 20)])
    names = rng.sample(range(n), n)
    edges = [[names[u], names[v], w] if draw() < 0.5 else [names[v], names[u], w] for u, v, w in edges]
    edges.sort(key=lambda _: draw())
    return {"n": n, "edges": edges, "source": names[0] if draw() < 0.6 else int(draw() * n)}


def enumerate_problems(lo: int, hi: int) -> list[Problem] | None:
    """Every problem on two vertices; more are drawn."""
    if hi > 2:
        return None
    return [
        {"n": 2, "edges": [[u, 1 - u, w]], "source": source} for u in (0, 1) for w in range(1, 21) for source in (0, 1)
    ]


def validate(problem: Problem) -> None:
    check_keys("a dijkstra problem", problem, "n", "edges", "source")
    n, edges, source = problem["n"], problem["edges"], problem["source"]
    if not is_whole(n, 2, 500):
        raise ValueError(f"'n' must be an integer from 2 to 500, not {n!r}")
    if not is_whole(source, 0, n - 1):
        raise ValueError(f"'source' must be a vertex from 0 to {n - 1}, not {source!r}")
    if not isinstance(edges, list) or not n - 1 <= len(edges) <= 2 * n:
        raise ValueError(f"'edges' must be a list of {n - 1} to {2 * n} edges")
    seen = set()
    group = list(range(n))  # vertices known to be connected have the same root
    for edge in edges:
        if not (isinstance(edge, list) and len(edge) == 3):
            raise ValueError(f"an edge is a list [u, v, weight], not {edge!r}")
        u, v, w = edge
        if not (is_whole(u, 0, n - 1) and is_whole(v, 0, n - 1) and u != v):
            raise ValueError(f"an edge joins two different vertices from 0 to {n - 1}, unlike {edge!r}")
        if not is_whole(w, 1, 20):
            raise ValueError(f"a weight is an integer from 1 to 20, unlike that of {edge!r}")
        if (min(u, v), max(u, v)) in seen:
            raise ValueError(f"vertices {u} and {v} are joined twice")
        seen.add((min(u, v), max(u, v)))
        while group[u] != u:
            u = group[u]
        while group[v] != v:
            v = group[v]
        group[u] = v
    if sum(group[v] == v for v in range(n)) > 1:
        raise ValueError("the graph must be connected")


def oracle(problem: Problem) -> str:
    """The distances by Bellman and Ford's algorithm: relax every edge until nothing changes."""
    distance = [20 * problem["n"]] * problem["n"]
    distance[problem["source"]] = 0
    changed = True
    while changed:
        changed = False
        for u, v, w in problem["edges"]:
            for a, b in ((u, v), (v, u)):
                if distance[a] + w < distance[b]:
                    distance[b] = distance[a] + w
                    changed = True
    return str(distance)


def program(problem: Problem) -> Trace:
    n, edges, source = problem["n"], problem["edges"], problem["source"]
    cells: dict[str, Value] = {"s": source}
    lay_out(cells, "g", [f"{u}-{v}:{w}" for u, v, w in edges], 1)
    degree = [f"d{v}" for v in range(n)]  # addresses are made once: this runs millions of times
    track = [f"t{v}" for v in range(n)]
    opened = [f"q{k}" for k in range(n + 1)]
    cells.update(dict.fromkeys(degree + track, BLANK))
    cells[f"f{n}"] = BLANK
    tape = Tape(cells)
    enter, read, solve, write, goto = tape.enter, tape.read, tape.solve, tape.write, tape.goto

    # File every edge under both of its ends.
    at: list[list[tuple[int, int]]] = [[] for _ in range(n)]
    address = "g1"
    with tape.loop():
        for k, (u, v, w) in enumerate(edges, 2):
            enter(address)
            read(address)
            read(degree[u])
            read(degree[v])
            at[u].append((v, w))
            at[v].append((u, w))
            i, j = len(at[u]), len(at[v])
            write(degree[u], i)
            write(f"e{u},{i}", f"{v}:{w}")
            write(degree[v], j)
            write(f"e{v},{j}", f"{u}:{w}")
            address = f"g{k}"
            goto(address)
        enter(address)
        read(address)
        goto("s")

    enter("s")
    read("s")
    write(track[source], 0)
    write("q1", source)
    write("n", 1)
    goto("min")
    tentative: list[int | None] = [None] * n  # None: not discovered
    tentative[source] = 0
    settled = [False] * n
    queue = [0, source]  # from index 1 on
    with tape.loop():
        while True:
            # The nearest open vertex: the last one stands for the least until a smaller distance is met.
            enter("min")
            read("n")
            count = len(queue) - 1
            if not count:
                write("o", "[")
                goto("out0")
                break
            u = queue[count]
            read(opened[count])
            read(track[u])
            least, place = tentative[u] or 0, count
            write("m", least)
            write("p", count)
            k = count - 1
            goto(opened[k] if k else "pop")
            with tape.loop():
                while k:
                    address = opened[k]
                    enter(address)
                    read(address)
                    v = queue[k]
                    read(track[v])
                    read("m")
                    d = tentative[v] or 0
                    if d < _AT_SIGHT and least < _AT_SIGHT:
                        solve(f"{d} compared with {least}", "<" if d < least else ">" if d > least else "=")
                    else:
                        goto(f"c{k},{v}")
                        compare(tape, "c", f"{k},{v}", track[v], "m")
                    if d < least:
                        least, place = d, k
                        write("m", d)
                        write("p", k)
                    k -= 1
                    goto(opened[k] if k else "pop")

            # It is settled and leaves the open ones.
            enter("pop")
            read("p")
            u = queue[place]
            read(opened[place])
            read("m")
            read(degree[u])
            read("n")
            if place != count:
                read(opened[count])
            write(f"f{u}", least)
            write(track[u], _SETTLED)
            last = queue.pop()
            if place != count:
                queue[place] = last
                write(opened[place], last)
            write("n", count - 1)
            settled[u] = True
            k = len(at[u])
            address = f"e{u},{k}"
            goto(address)
            with tape.loop():
                while k:
                    enter(address)
                    read(address)
                    v, w = at[u][k - 1]
                    old = tentative[v]
                    read(track[v])
                    address = f"e{u},{k - 1}"
                    if not settled[v]:
                        here = f"{u},{k},{v}"
                        read(f"f{u}")
                        d = least + w
                        new = old is None
                        if new:
                            read("n")
                            queue.append(v)
                        if least < _AT_SIGHT:
                            solve(f"{least}+{w}", d)
                            write(track[v] if new else "y", d)
                        else:
                            write("w", w)
                        if new:
                            write(opened[len(queue) - 1], v)
                            write("n", len(queue) - 1)
                        if least >= _AT_SIGHT:
                            label = "b" if new else "a"
                            goto(label + here)
                            add(tape, label, here, f"f{u}", "w", track[v] if new else "y")
                        if old is None:
                            tentative[v] = d
                        else:
                            goto("r" + here)
                            compare(tape, "r", here, "y", track[v])
                            if d < old:
                                tentative[v] = d
                                write(track[v], d)
                    k -= 1
                    goto(address if k else "min")

    # Three distances at a time go to the output.
    output = "["
    k = 0
    with tape.loop():
        while True:
            enter(f"out{k}")
            read("o")
            for _ in _THREE:
                if read(f"f{k}") == BLANK:
                    output += "]"
                    break
                output += f", {tentative[k]}" if k else str(tentative[k])
                k += 1
            write("o", output)
            if output[-1] == "]":
                goto("halt")
                return tape.halt(output)
            goto(f"out{k}")


def plain_cot(problem: Problem) -> str:
    n, source = problem["n"], problem["source"]
    at: list[list[tuple[int, int]]] = [[] for _ in range(n)]
    for u, v, w in problem["edges"]:
        at[u].append((v, w))
        at[v].append((u, w))
    lines = [f"I use Dijkstra's algorithm from {source}, always going on from the nearest vertex not yet done."]
    best = {source: 0}
    done: set[int] = set()
    heap = [(0, source)]
    while heap:
        d, u = heapq.heappop(heap)
        if u in done:
            continue
        done.add(u)
        gained = []
        for v, w in at[u]:
            if v not in best or d + w < best[v]:
                best[v] = d + w
                heapq.heappush(heap, (d + w, v))
                gained.append(f"{v} at {d + w}")
        lines.append(f"{u} is done at {d}" + (f", reaching {', '.join(gained)}." if gained else "."))
    return "\n".join(lines)


def _fields(problem: Problem) -> dict[str, str]:
    edges = ", ".join([f"{u}-{v}:{w}" for u, v, w in problem["edges"]])
    return {"n": str(problem["n"]), "edges": edges, "s": str(problem["source"])}


_FORM = (
    " Here u-v:w stands for a connection of length w between u and v, usable both ways. Answer with the list, in"
    " square brackets, of the shortest distances from {s} to 0, 1, 2 and so on, in this order, with 0 for {s} itself."
)

TASK = Task(
    name="dijkstra",
    paradigm="greedy",
    description="shortest distances from one vertex of a weighted graph",
    length_is="vertices",
    ranges={"S": (3, 5), "M": (6, 10), "L": (11, 20)},
    sample=sample,
    enumerate=enumerate_problems,
    length=lambda problem: [problem["n"]],
    validate=validate,
    fields=_fields,
    program=program,
    oracle=oracle,
    plain_cot=plain_cot,
    min_length=2,
    max_length=100,
    templates=tuple(
        text + _FORM
        for text in (
            "An undirected graph has {n} vertices, numbered from 0, and the edges {edges}. How far is every vertex"
            " from {s}?",
            "Find the shortest distances from vertex {s} in the undirected graph on {n} vertices (numbered from 0):"
            " {edges}.",
            "Run Dijkstra's algorithm from source {s} on this graph with {n} vertices, numbered from 0: {edges}.",
            "Solve the single-source shortest path problem. Vertices: {n}, numbered from 0. Edges: {edges}. Source:"
            " {s}.",
            "{n} towns, numbered from 0, are linked by these roads, lengths in kilometres: {edges}. How far is it from"
            " town {s} to each town?",
            "A parcel service has {n} depots, numbered from 0, and drives the routes {edges}. It starts at depot {s}."
            " How far is each depot by the shortest way?",
            "The routers of a network are numbered from 0; there are {n} of them. Its cables have these delays:"
            " {edges}. What is the least delay from router {s} to each router?",
            "On an archipelago of {n} islands, numbered from 0, ferries sail {edges}. How long is the shortest trip"
            " from island {s} to each island?",
            "A park has {n} viewpoints, numbered from 0, and the footpaths {edges}. Starting at viewpoint {s}, how"
            " many minutes does each viewpoint take at best?",
            "Given: the weighted undirected graph {edges} on the vertices 0, 1, 2 and so on, {n} in all. Wanted: the"
            " shortest distances from {s}.",
            "A museum has {n} rooms, numbered from 0, connected by corridors: {edges}. A visitor stands in room {s}."
            " How far away is each room?",
            "Metro stations are numbered from 0 and there are {n}. Travel times between neighbours: {edges}. How"
            " quickly can each station be reached from station {s}?",
            "Water flows from node {s} of a pipe network with {n} nodes, numbered from 0, and the pipes {edges}. How"
            " much pipe lies between it and each node, taking the shortest way?",
            "Consider the graph with {n} vertices 0, 1, 2 and so on, and the weighted edges {edges}. Compute the"
            " length of a shortest path from {s} to each vertex.",
            "An ambulance is stationed at crossing {s}. The city has {n} crossings, numbered from 0, and the streets"
            " {edges}. What is the shortest drive to each crossing?",
            "A robot may move between {n} cells, numbered from 0, along {edges}. How far is each cell from cell {s}?",
            "{n} mountain huts, numbered from 0, are joined by the trails {edges}. How long is the shortest hike from"
            " hut {s} to each hut?",
            "Source vertex {s}, {n} vertices (numbered from 0), edges {edges}: give all shortest distances.",
            "A signal starts at sensor {s} and spreads over the links {edges} among {n} sensors, numbered from 0."
            " After how many milliseconds does it first reach each sensor?",
            "The {n} houses of a village are numbered from 0. The lanes between them are {edges}. How far must the"
            " postman of house {s} walk to each house at least?",
            "A ship in harbour {s} can sail the legs {edges} between {n} harbours, numbered from 0. What is the"
            " shortest voyage to each harbour?",
            "In a warehouse with {n} shelves, numbered from 0, the aisles are {edges}. A cart stands at shelf {s}. How"
            " many metres away is each shelf?",
            "Determine, for every one of the {n} vertices (numbered from 0), its shortest distance from {s} along the"
            " edges {edges}.",
            "Rumours travel along friendships: {edges}, in hours, among {n} people, numbered from 0. Person {s} starts"
            " one. When does each person hear of it at the earliest?",
        )
    ),
    phrases={
        "g": "Read edge {i} and file it under both of its ends",
        "s": "Open the source",
        "min": "Begin with the last open vertex, if there is one",
        "q": "Is the open vertex at place {i} nearer?",
        **compare_phrases("c", "Is this distance shorter?"),
        "pop": "Settle the nearest vertex",
        "e": "Follow the edge filed as {i}",
        **add_phrases("a", "Add the long distance and the weight"),
        **add_phrases("b", "Add the long distance and the weight for the new vertex"),
        **compare_phrases("r", "Is the new way shorter?"),
        "out": "Copy the distances out from vertex {i} on",
    },
)
