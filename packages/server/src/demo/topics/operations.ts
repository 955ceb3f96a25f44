import type { Topic } from "../topic.ts";

/** What keeps people on call busy. */
export const OPERATIONS: readonly Topic[] = [
  {
    team: "operations",
    beginnings: [
      {
        title: "{service} answers 502 since {version}",
        question:
          "Since {version} went out, {service} answers about {percent} of its requests with 502. Can you find out why? The ticket is {ticket}.",
      },
      {
        title: "Error spike on {service}",
        question:
          "We had an alert on {service} at half past two: errors went from almost nothing to {percent}. Nothing was deployed on our side. Where do I start?",
      },
      {
        title: "{service} in {region} restarts again and again",
        question:
          "{service} in {region} has been restarting every {minutes} since this morning. Please look at the logs and tell me what it dies of.",
      },
      {
        title: "Errors on {service} every full hour",
        question:
          "On the hour, every hour, {service} logs about {count} errors and then recovers. {colleague} thinks of a cron job, I think of the cache. Who is right, and how do we find out?",
      },
    ],
    followUps: [
      "Is it only {region}, or do the other regions show it as well?",
      "Compare that with the same hour last {day}, please.",
      "Could the connection pool be too small? {colleague} raised it once and then lowered it again.",
      "How many customers saw an error page in those {minutes}?",
      "Roll it back in your head: what breaks if we go back to {version}?",
      "Write the summary for the status page. Two sentences, no blame.",
      "What alert would have told us {minutes} earlier?",
      "Check {host} as well, it was replaced last week.",
      "And what does the load balancer say about it?",
    ],
    findings: [
      "The 502s all come from {host}; the other instances are healthy.",
      "The first failed request was logged {minutes} after {version} reached {region}, so the deploy is the likely cause but not a proven one.",
      "The process is killed for memory: its resident size climbs by about {count} MB an hour and never comes down.",
      "The pool of database connections is exhausted; requests wait {ms} for one and then give up.",
      "A retry without a limit turns one slow answer of the upstream into {count} requests.",
      "The health check passes because it does not touch the database, so the load balancer keeps sending traffic to a broken instance.",
      "Latency rose before errors did: the 95th percentile went to {ms} a quarter of an hour earlier.",
      "The certificate of the internal endpoint was renewed on {day}, and {host} still holds the old one.",
      "There is no sign of a network problem: packet loss between the zones stayed below one in a thousand.",
    ],
    advice: [
      "I would take {host} out of rotation first, since that stops the errors whatever their cause is.",
      "Roll back {service} to the previous version and keep one instance on {version} without traffic, so that it can be looked at.",
      "Limit the retries to three with a growing pause, and give up when the caller has gone.",
      "Let the health check run a trivial query, with a timeout of one second.",
      "Raise the pool from {count} to twice that only after the slow query is fixed; otherwise the database takes the blow.",
      "Add an alert on the 95th percentile as well: here it would have fired {minutes} before the error rate did.",
      "Note in {ticket} which graphs you looked at, so that {colleague} does not start from zero.",
    ],
    tools: ["read_logs", "list_deployments", "query_metrics", "run_command", "read_file"],
  },
  {
    team: "database",
    beginnings: [
      {
        title: "Slow query on {table}",
        question:
          "The query behind the {table} page takes {ms} since the weekend. Here is what I know: the plan changed from an index scan to a sequential scan. What should I look at?",
      },
      {
        title: "Adding an index to {table} without downtime",
        question:
          "I need an index on {table} (customer_id, created_at). The table has {many} rows and is written to all day. How do I do it without blocking anybody?",
      },
      {
        title: "Replication to {host} lags",
        question:
          "Replication to {host} lags by {minutes}. The only big thing that ran was a migration on {table}. Can you check?",
      },
      {
        title: "Deadlocks on {table}",
        question:
          "We see {count} deadlocks a day on {table} since {version}. The log shows two statements of {service}. In which order do they lock, and which one should give way?",
      },
    ],
    followUps: [
      "What does EXPLAIN say with buffers?",
      "Would a partial index be smaller? Only open rows are ever read.",
      "How long will it take on {many} rows, roughly?",
      "What happens to writers in the meantime?",
      "Can we do the same on {service} without a maintenance window?",
      "Show me the statement once more, ready to paste.",
      "Is that safe behind the pooler?",
      "How do I see whether the index is used at all?",
      "What would you drop instead? There are already seven indexes on it.",
    ],
    findings: [
      "The planner expects {count} rows and gets {many}: the statistics of {table} are from before the import.",
      "The sort spills to disk, because work_mem holds only a fraction of what it sorts.",
      "Two of the indexes on {table} start with the same column, and one of them has not been used for a month.",
      "A transaction that {host} opened {minutes} ago is idle and holds back the vacuum of every table.",
      "The sequential scan reads {percent} of the table from disk; with a warm cache it takes {ms}.",
      "The migration rewrote the whole table, because the new column had a volatile default.",
      "Dead rows make up {percent} of {table}; autovacuum starts on it and is cancelled by the nightly lock.",
      "The foreign key from {table} has no index on its own side, so each delete reads the table once.",
    ],
    advice: [
      "Run ANALYZE on {table} first. It takes seconds and may be all that is needed.",
      "Create the index concurrently, in a statement of its own, and look for an invalid index afterwards.",
      "Set a lock timeout of two seconds before the ALTER TABLE, so that it gives up instead of holding up every reader behind it.",
      "Delete in batches of a thousand with a pause between them; the replica then keeps up.",
      "Drop the unused index in the same week, or the next person will keep both out of caution.",
      "Write the old and the new plan into {ticket}; in a year nobody will remember why this index exists.",
      "Put the default into the application first and into the table later, in a second migration.",
    ],
    tools: ["query_database", "run_command", "read_file", "query_metrics"],
  },
  {
    team: "platform",
    beginnings: [
      {
        title: "Capacity of {service} for the sale",
        question:
          "Marketing plans a sale for {day} and expects four times the usual traffic on {service}. Do we have enough room? Please work it out from last year's numbers.",
      },
      {
        title: "The nightly batch on {host} runs into the morning",
        question:
          "The nightly batch on {host} used to end at four and now runs until nine. Nobody changed it. Can you find out which part got slower?",
      },
      {
        title: "Serving {customer} from {region}",
        question:
          "We want to serve {customer} from {region}. What of {service} has to move with them, and what may stay?",
      },
      {
        title: "What {service} costs us in {region}",
        question:
          "The bill for {service} in {region} went up by {percent} and its traffic by half of that. Please find out what we pay for and do not use.",
      },
    ],
    followUps: [
      "What is the first thing that would run out?",
      "How sure are you about that factor?",
      "And if the cache is cold when it starts?",
      "Give me the same as a table, one row for each service.",
      "What does it cost for the week?",
      "Which of these limits can we raise on the day itself?",
      "Who needs to know? Draft me the message for {colleague}.",
    ],
    findings: [
      "Last year's peak was {count} requests a second, and {service} held up to three quarters of its limit.",
      "The batch reads {table} once for every customer; with {many} customers that is most of the night.",
      "{percent} of the time goes into a step that only compresses files which are compressed already.",
      "The limit is not the processors but the {count} connections that the database accepts.",
      "Autoscaling needs {minutes} from the alarm to a warm instance, which is too slow for a sale that starts on the hour.",
      "Only the search index and the session store are tied to a region; the rest is stateless.",
      "The queue drains at {count} jobs a second and fills at three times that during the peak.",
    ],
    advice: [
      "Start the extra instances an hour before, and leave autoscaling to what nobody foresaw.",
      "Run a load test at twice the expected rate on {day} evening, with the cache emptied first.",
      "Read {table} once and group in memory; that should bring the batch back below an hour.",
      "Agree now on what is switched off first: recommendations, then the live stock figure.",
      "Move the sessions last, at night, and keep the old store readable for a day.",
      "I would plan with a factor of five instead of four; the spare costs less than {minutes} of outage.",
    ],
    tools: ["query_metrics", "run_command", "query_database", "list_deployments"],
  },
];
