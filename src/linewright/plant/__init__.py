"""What a factory *is*: ISA-95 records, their checks, their files, and their flat-array form.

This room is: records (`records`), the plan in force and the state at one moment (`plan`, `history`), the
folder a person edits (`folder`), its checks (`checks`), facilities made up for tests and benchmarks
(`generate`), and the one array form of the scheduling problem: what it is (`arrays`, `timing`) and how a
plant becomes it (`build`, with `remaining`, `choices`, `calendars`, `pegging` and `wishes`).

This room is not: aware of time passing, databases, networks, or how a plan is found.
"""
