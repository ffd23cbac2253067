"""Each night: find the customers, ask a service what they ordered, and report it."""

import dagster as dg

from contract.steps import step


@dg.asset
@step("extract")
def customers() -> list[str]:
    return ["Ada", "Grace"]


@dg.asset
@step("enrich")
def orders(customers: list[str]) -> dict[str, int]:
    return dict.fromkeys(customers, 3)


@dg.asset
@step("report")
def report(orders: dict[str, int]) -> None:
    print(orders)


if __name__ == "__main__":
    dg.materialize([customers, orders, report])
