"""Each night: find the customers, ask a service what they ordered, and report it."""

from prefect import flow, task

from contract.steps import step


@task
@step("extract")
def extract() -> list[str]:
    return ["Ada", "Grace"]


@task
@step("enrich")
def enrich(customers: list[str]) -> dict[str, int]:
    return dict.fromkeys(customers, 3)


@task
@step("report")
def report(orders: dict[str, int]) -> None:
    print(orders)


@flow
def nightly() -> None:
    report(enrich(extract()))


if __name__ == "__main__":
    nightly()
