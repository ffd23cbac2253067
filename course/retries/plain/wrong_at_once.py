"""The service is asked again at once."""

from pipeline import enrich, extract, report

customers = extract()
while True:
    try:
        orders = enrich(customers)
        break
    except RuntimeError:
        continue
report(orders)
