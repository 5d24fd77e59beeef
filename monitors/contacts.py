"""Who is told when an alert fires. Nobody here, so Grafana's own policies stay.

For example, everyone on one channel and the owner of one model by mail:

    CONTACTS = (
        d.Contact(name="ml-alerts", receiver=d.slack(url="$SLACK_WEBHOOK_URL")),
        d.Contact(name="grid", receiver=d.email("grid@example.org"), owners=("grid-operations",)),
    )

With one contact or more, `make build` writes Grafana's policies for the whole organisation:
docs/contacts.md.
"""

from driftdeck import declare as d

CONTACTS: tuple[d.Contact, ...] = ()
