"""A year of real flights out of New York, and a model that predicts late arrivals.

336,776 flights, 634 to 1,014 a day (median 964). Measured at cut 0.5, with scikit-learn 1.9;
January and February are out of fold:

month  late   labels  recall  log loss      month  late   labels  recall  log loss
01     0.227  0.978   0.629   0.278         07     0.315  0.962   0.711   0.319
02     0.229  0.946   0.665   0.274         08     0.238  0.981   0.649   0.303
03     0.228  0.968   0.725   0.235         09     0.132  0.980   0.694   0.202
04     0.279  0.973   0.630   0.334         10     0.168  0.991   0.614   0.251
05     0.220  0.977   0.731   0.253         11     0.174  0.989   0.570   0.259
06     0.308  0.959   0.709   0.306         12     0.326  0.960   0.649   0.349

labels: share of flights that have one. The fewest are of the blizzard of 8 and 9 February: 0.49
and 0.43. A label is known 3.2 hours after departure on average, the last after 32.9.
"""
