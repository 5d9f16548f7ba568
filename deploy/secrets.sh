#!/bin/sh
# Makes the secrets of compose.yaml in deploy/secrets, or in the folder given: random ones, and never over what is there.
set -eu
folder=${1:-$(dirname "$0")/secrets}
umask 077
mkdir -p "$folder"

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# Others may read the file but not its folder: in a container it is another user that reads it.
keep() {
    if [ ! -e "$folder/$1" ]; then
        printf '%s' "$2" > "$folder/$1"
        chmod 644 "$folder/$1"
    fi
}

keep postgres_password "$(random)"
keep mlflow_database "postgresql+psycopg://busta:$(cat "$folder/postgres_password")@postgres/mlflow"
keep BUSTA_LEDGER__URL "postgresql://busta:$(cat "$folder/postgres_password")@postgres/ledger"
keep s3_user busta
keep s3_password "$(random)"
keep s3_credentials "[default]
aws_access_key_id = $(cat "$folder/s3_user")
aws_secret_access_key = $(cat "$folder/s3_password")
"
keep grafana_password "$(random)"
keep busta_key "made by busta keys add: see docs/how-to/deploy.md"
