"""Tests, shifts, intervals, corrections: functions of numbers."""
