"""`driftdeck new`: a monitor of data that nobody has declared. It only looks; nothing is guessed
again when the monitor runs.

command: the steps -> find: what --from and --labels name -> look_at_files, look_at_table: days and
a sample (chunks, time_column) -> guess: what each column is -> propose: what to declare ->
declaration: its text; then calibrate and backfill, as for any monitor.
"""
