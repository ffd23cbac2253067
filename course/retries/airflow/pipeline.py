"""Each night: find the customers, ask a service what they ordered, and report it."""

from airflow.sdk import dag, task

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


@dag
def nightly() -> None:
    report(enrich(extract()))


pipeline = nightly()

if __name__ == "__main__":
    pipeline.test()
