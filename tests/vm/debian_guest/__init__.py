"""A Debian 12 guest with systemd, on a disk of its own: built once, crashed often.

build.py makes the disks, guest.py runs one, disk.py looks into one that is at rest.
"""
