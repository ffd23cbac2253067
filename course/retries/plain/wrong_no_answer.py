"""The failure is hidden, and the mail has no orders in it."""

from pipeline import enrich, extract, report

customers = extract()
try:
    orders = enrich(customers)
except RuntimeError:
    orders = {}
report(orders)
