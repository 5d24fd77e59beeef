"""The flights' model in service: answers over HTTP, logged to a table, played at a chosen pace.

In a house of its own (`make demo-live`), so that its clock moves nobody else's:

play -> service -> live.predictions -> collectors -> dashboards
     `-> live.outcomes, monitoring.clock
"""
