"""Jobs as messages to the engine process. Knows neither torch nor Qt."""
