"""The Edge Endpoint as others see it: where it is, whether it is ready, which detector."""
