"""Runs the stack and proves it: up, down, status, verify."""
