"""`driftdeck new`: a monitor of data that nobody has declared. It only looks; nothing is guessed
again when the monitor runs.

command: the steps -> find: the dataset that --from and --labels name -> profile_files,
profile_table: its days and a sample (chunks, time_column) -> period: what a window is, and which
are watched -> guess, model_output: what each column is (column_values, class_columns, intervals)
-> propose: what to declare (segments) -> declaration: its text; then calibrate and backfill, as for
any monitor.
"""
