"""`driftdeck new`: a monitor of data that nobody has declared. It only looks; nothing is guessed
again when the monitor runs.

command: the steps -> find: the dataset that --from and --labels name -> profile_files,
profile_table: its days and a sample (chunks, time_column) -> guess, model_output: what each column
is -> propose: what to declare -> declaration: its text; then calibrate and backfill, as for any
monitor.
"""
