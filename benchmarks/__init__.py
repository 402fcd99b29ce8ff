"""The speed and accuracy figures that README quotes, one command each; see `--help` of each.

Every figure is a ratio, or stands beside a reference measured in the same run: the machine is
shared, and absolute figures of two runs must not be compared.
"""
