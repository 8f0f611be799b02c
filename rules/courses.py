"""Courses: how they are taught and for whom."""

from enum import StrEnum


class CourseMode(StrEnum):
    """How a course is taught."""

    WEBINAR = "WEBINAR"
    SELF_PACED = "SELF_PACED"
    OFFLINE = "OFFLINE"
    MIXED = "MIXED"


class CourseLevel(StrEnum):
    """How much a learner should know before."""

    BEGINNER = "BEGINNER"
    INTERMEDIATE = "INTERMEDIATE"
    ADVANCED = "ADVANCED"


class Education(StrEnum):
    """The last school finished; members are in rising order. SMA and SMK count the same."""

    NONE = "NONE"
    SD = "SD"
    SMP = "SMP"
    SMA = "SMA"
    DIPLOMA = "DIPLOMA"
    BACHELOR = "BACHELOR"
    POSTGRADUATE = "POSTGRADUATE"


HOURS_MAX = 400
"""No course of the programme is longer; a larger figure is a typing error."""
