"""Each night: find the customers, ask a service what they ordered, and report it."""

import time

from contract.steps import step


@step("extract")
def extract() -> list[str]:
    return ["Ada", "Grace"]


@step("enrich")
def enrich(customers: list[str]) -> dict[str, int]:
    return dict.fromkeys(customers, 3)


def enrich_in_the_end(customers: list[str]) -> dict[str, int]:
    for _ in range(2):
        try:
            return enrich(customers)
        except RuntimeError:
            time.sleep(1)
    return enrich(customers)


@step("report")
def report(orders: dict[str, int]) -> None:
    print(orders)


def nightly() -> None:
    report(enrich_in_the_end(extract()))


if __name__ == "__main__":
    nightly()
