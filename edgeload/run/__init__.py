"""The running side: sends the planned requests and writes down what happened."""
