"""What a factory *is*: ISA-95 records, their checks, their files, and their flat-array form.

This room is: records (`records`), the plan in force and the state at one moment (`plan`, `history`), what
can disturb it (`disruption`), the folder a person edits (`folder`), its checks (`checks`), facilities made up
for tests and benchmarks (`generate`), the one array form of the scheduling problem: what it is (`arrays`,
`timing`) and how a plant becomes it (`build`, with `remaining`, `choices`, `calendars`, `pegging` and
`checks_controls`), and the checker of what comes out, which shares none of that (`verify`).

This room is not: aware of time passing, databases, networks, or how a plan is found.
"""
