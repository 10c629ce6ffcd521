"""From a scheduling problem to a set of distinct, mutually non-dominated, feasible plans.

This room decides sequence, machine and operator of every open operation. What is a hard fact (started and
frozen operations, controls, calendars, materials) is already in the problem's arrays; where a plan goes
afterwards is not known here.
"""

from linewright.schedule.baseline import current_plan, keep, push_right
from linewright.schedule.portfolio import Candidate, Portfolio, Progress
from linewright.schedule.search import first_plan, search

__all__ = ["Candidate", "Portfolio", "Progress", "current_plan", "first_plan", "keep", "push_right", "search"]
