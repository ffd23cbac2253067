"""Executing a plan: engines are started, asked for runs, watched and stopped."""
