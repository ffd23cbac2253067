"""Each night: find the customers, ask a service what they ordered, and report it."""

from contract.steps import step


@step("extract")
def extract() -> list[str]:
    return ["Ada", "Grace"]


@step("enrich")
def enrich(customers: list[str]) -> dict[str, int]:
    return dict.fromkeys(customers, 3)


@step("report")
def report(orders: dict[str, int]) -> None:
    print(orders)


def nightly() -> None:
    report(enrich(extract()))


if __name__ == "__main__":
    nightly()
