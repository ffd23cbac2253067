"""What runs inside a foreign environment: workloads, the event log, the task body and the adapter protocol.

Standard library only, because it is installed beside three tools whose dependencies cannot meet.
"""
