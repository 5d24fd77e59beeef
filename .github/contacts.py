"""CI starts its Grafana with these: a contact that a server refuses would end its start."""

from driftdeck import declare as d

CONTACTS = (
    d.Contact(
        name="hook", receiver=d.webhook("$ALERT_WEBHOOK_URL"), kinds=("breach", "performance")
    ),
    d.Contact(name="mail", receiver=d.email("ml@example.org"), kinds=("late",), resolved=False),
    d.Contact(name="chat", receiver=d.slack(url="$SLACK_WEBHOOK_URL"), kinds=("collection",)),
)
