"""Tests any POP3 server and says in plain words what is wrong, and what to do."""

from restante.doctor.check import Check, Level, Need, Outcome, Profile, Verdict
from restante.doctor.checks import CHECKS
from restante.doctor.examination import Examination, Finding
from restante.doctor.patient import Door, Patient
from restante.doctor.runner import chosen, examine
from restante.doctor.world import World

__all__ = [
    "CHECKS",
    "Check",
    "Door",
    "Examination",
    "Finding",
    "Level",
    "Need",
    "Outcome",
    "Patient",
    "Profile",
    "Verdict",
    "World",
    "chosen",
    "examine",
]
