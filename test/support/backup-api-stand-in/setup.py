from setuptools import setup

setup(name="pg_backup_api", version="0.0.0", packages=["pg_backup_api"])
