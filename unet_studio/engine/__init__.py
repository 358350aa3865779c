"""The engine process: reads requests on stdin, runs them with torch, answers on stdout."""
