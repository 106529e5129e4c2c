import type { ScenarioLab } from "./scenario-lab";

const NOTE = "/var/lib/postgresql/written";
const SCRIPT = `cd; while number=$(($(cat ${NOTE} || echo 0) + 1)); do
  psql -XAtq -d postgres -c "INSERT INTO written VALUES ($number) ON CONFLICT DO NOTHING" && echo $number >${NOTE}.new && mv ${NOTE}.new ${NOTE}
  ((number % 10)) || psql -XAtq -d postgres -c "SELECT pg_switch_wal()" >/dev/null
  sleep 0.3
done`;
const UNIT = `[Service]
User=postgres
ExecStart=/bin/bash /usr/local/sbin/row-writer
Restart=always
[Install]
WantedBy=multi-user.target`;

/** Writes numbered rows on the primary all the time, after a reboot of its host too. A number is noted when its row is committed. */
export class RowWriter {
  constructor(
    private readonly lab: ScenarioLab,
    private readonly primary = "pg1-srv",
  ) {}

  async start(): Promise<void> {
    await this.lab.query(this.primary, "CREATE TABLE written (number int PRIMARY KEY)");
    await this.lab.on(this.primary, "cat >/usr/local/sbin/row-writer", SCRIPT);
    await this.lab.on(this.primary, "cat >/etc/systemd/system/row-writer.service", UNIT);
    await this.lab.on(this.primary, "systemctl daemon-reload; systemctl enable --now --quiet row-writer");
  }

  /** How many rows were committed so far, at least: 1 to this number. */
  async committed(): Promise<number> {
    return Number(await this.lab.on(this.primary, `cat ${NOTE}`));
  }
}
