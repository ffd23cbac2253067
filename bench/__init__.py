"""The harness: suite -> plan -> execute -> events -> metrics -> statistics -> store -> report."""
