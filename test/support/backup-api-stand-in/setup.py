from setuptools import setup

# The requirements are those of pg-backup-api: no host of the lab can fetch them.
setup(name="pg_backup_api", version="0.0.0", packages=["pg_backup_api"], install_requires=["Flask", "requests"])
