"""Models that are trained anew when their declaration says so."""
