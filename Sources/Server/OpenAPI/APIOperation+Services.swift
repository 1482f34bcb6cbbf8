import CatalogModel

/// The operations that do not depend on plugins.
extension APIOperation {
    static func services(hasJobs: Bool) -> [APIOperation] {
        health + discovery + audit + caches + (hasJobs ? jobs : []) + changes + replicas
    }

    private static func get(
        _ path: String, _ tag: String, _ summary: String, _ parameters: [APIParameter] = [],
        _ schema: JSONValue = APISchemas.object
    ) -> APIOperation {
        APIOperation(
            method: "GET", path: path, tag: tag, summary: summary,
            parameters: parameters + APIParameter.namespaces,
            answers: [.json("The answer", schema)])
    }

    private static var health: [APIOperation] {
        func open(_ path: String, _ summary: String, _ answers: [Answer]) -> APIOperation {
            APIOperation(
                method: "GET", path: path, tag: "health", summary: summary, answers: answers,
                failures: .none)
        }
        let text = Answer(
            status: 200, description: "The text", mediaType: "text/plain",
            schema: APISchemas.string)
        let page = Answer(
            status: 200, description: "The page", mediaType: "text/html",
            schema: APISchemas.string)
        let fine = Answer.json("It is", APISchemas.object)
        return ["/livez", "/healthz", "/health"].map {
            open($0, "Whether the process lives", [fine])
        } + [
            open(
                "/readyz", "Whether the replica can be sent requests",
                [fine, .json(503, "Not now", APISchemas.object)]),
            open("/metrics", "Figures for Prometheus", [text]),
            open("/openapi.json", "This document", [.json("The document", APISchemas.object)]),
            open("/docs", "This document for people", [page]),
        ]
    }

    private static var discovery: [APIOperation] {
        let plugin = APIParameter.path("plugin", "The name of a plugin")
        return [
            get("/api/plugins", "discovery", "Lists the plugins with what they can do"),
            get(
                "/api/plugins/{plugin}/capabilities", "discovery", "What a plugin can do", [plugin]),
            APIOperation(
                method: "GET", path: "/api/tenancy/v1alpha1/namespaces", tag: "discovery",
                summary: "Lists the namespaces",
                answers: [
                    .json(
                        "The namespaces",
                        APISchemas.record(
                            [
                                "namespaces": APISchemas.array(of: APISchemas.string),
                                "mode": APISchemas.choice(["single", "namespace"]),
                            ]))
                ]),
        ]
    }

    private static var audit: [APIOperation] {
        let base = "/api/audit/v1alpha1"
        let filters = ["actor", "plugin", "action", "eventType"].map {
            APIParameter.query($0, "Only events with this value")
        }
        let page = APISchemas.record(
            [
                "events": APISchemas.array(of: APISchemas.reference("AuditEvent")),
                "nextPageToken": APISchemas.string, "totalSize": APISchemas.integer,
            ])
        return [
            get(
                "\(base)/events", "audit", "Lists audit events, newest first",
                filters + APIParameter.paging(), page),
            get(
                "\(base)/events/{id}", "audit", "Gets an audit event",
                [.path("id", "Its id")], APISchemas.reference("AuditEvent")),
            APIOperation(
                method: "GET", path: "\(base)/verify", tag: "audit",
                summary: "Checks the chain of a namespace's audit events",
                parameters: APIParameter.namespaces,
                answers: [.json("The answer", APISchemas.object)], failures: .check),
        ]
    }

    private static var caches: [APIOperation] {
        let base = "/api/cache/v1alpha1"
        let collection = APISchemas.record(
            [
                "plugin": APISchemas.string, "kind": APISchemas.string,
                "revision": APISchemas.integer, "entityCount": APISchemas.integer,
                "storedEntityCount": APISchemas.integer, "digest": APISchemas.string,
                "storedDigest": APISchemas.string, "equal": APISchemas.boolean,
            ])
        let verdict = APISchemas.record(
            [
                "namespace": APISchemas.string, "replica": APISchemas.string,
                "status": APISchemas.choice(["equal", "different", "damaged", "absent"]),
                "valid": APISchemas.boolean, "collections": APISchemas.array(of: collection),
            ])
        let eviction = APISchemas.record(
            [
                "namespace": APISchemas.string, "replica": APISchemas.string,
                "status": APISchemas.choice(["evicted", "absent"]), "bytes": APISchemas.integer,
            ])
        return [
            APIOperation(
                method: "GET", path: "\(base)/verify", tag: "cache",
                summary: "Compares what this replica has cached of a namespace with the store",
                parameters: APIParameter.namespaces,
                answers: [.json("What was found", verdict)], failures: .check),
            APIOperation(
                method: "POST", path: "\(base)/evict", tag: "cache",
                summary: "Drops what this replica has cached of a namespace; reads load it again",
                parameters: APIParameter.namespaces + APIParameter.changing,
                answers: [.json("What became of it", eviction)], failures: .write),
        ]
    }

    private static var jobs: [APIOperation] {
        let base = "/api/jobs/v1alpha1/refresh"
        let filters = ["plugin", "sourceId", "state", "requestedBy"].map {
            APIParameter.query($0, "Only jobs with this value")
        }
        let page = APISchemas.record(
            [
                "jobs": APISchemas.array(of: APISchemas.reference("Job")),
                "nextPageToken": APISchemas.string, "totalSize": APISchemas.integer,
            ])
        return [
            get(base, "jobs", "Lists jobs, newest first", filters + APIParameter.paging(), page),
            get(
                "\(base)/{id}", "jobs", "Gets a job", [.path("id", "Its id")],
                APISchemas.reference("Job")),
            APIOperation(
                method: "POST", path: "\(base)/{id}:cancel", tag: "jobs",
                summary: "Cancels a job that has not ended",
                parameters: [.path("id", "Its id")] + APIParameter.namespaces
                    + APIParameter.changing,
                answers: [.json("Canceled", APISchemas.object)], failures: .write),
        ]
    }

    private static var changes: [APIOperation] {
        [
            APIOperation(
                method: "GET", path: "/api/changes/v1alpha1", tag: "changes",
                summary: "Follows the changes of a namespace, by polls or as a stream",
                parameters: [
                    .query("from", "A revision or a cursor to begin after"),
                    .query("epoch", "The history of the revision"),
                    .query("plugin", "Only changes of this plugin"),
                    .query("kind", "Only changes of this kind"),
                    .query("include", "With documents", APISchemas.choice(["body"])),
                    .query("wait", "Seconds that a poll waits for a change", APISchemas.integer),
                    .header("Last-Event-ID", "The id of the last event that a stream brought"),
                ] + APIParameter.namespaces,
                answers: [
                    .json("Changes", APISchemas.reference("Changes")),
                    Answer(
                        status: 200, description: "Changes", mediaType: "text/event-stream",
                        schema: APISchemas.string),
                ], failures: .follow)
        ]
    }

    private static var replicas: [APIOperation] {
        ReplicaFeedHandler.Part.allCases.map { part in
            let asksByBody = part == .heads
            return APIOperation(
                method: asksByBody ? "POST" : "GET",
                path: "/api/changes/v1alpha1/replica/\(part.rawValue)", tag: "replicas",
                summary: "What replicas ask that are fed by this one: \(part.rawValue)",
                parameters: part == .signals || asksByBody ? [] : APIParameter.namespaces,
                body: asksByBody ? ("application/json", APISchemas.object) : nil,
                answers: [
                    .json("The answer", APISchemas.object),
                    Answer(
                        status: 200, description: "The answer",
                        mediaType: "application/x-ndjson", schema: APISchemas.string),
                ], failures: asksByBody ? .write : .follow)
        }
    }
}
