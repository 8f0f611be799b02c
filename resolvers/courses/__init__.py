"""Courses: what is read of them, and what institutions write.

Locks are taken in one order: an institution, its courses by key, then runs and listings by key.
"""
