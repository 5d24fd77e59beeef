"""How fast, as a ratio to what one would do without: each file measures one thing, side by side."""
