import CatalogModel

/// One operation of the HTTP interface, described for machines and for the page of documentation.
struct APIOperation: Sendable {
    /// What can go wrong besides what every request may meet.
    enum Failures: Sendable {
        /// Answers to anybody, from memory.
        case none
        case read
        case write
        /// Follows changes, and may be too late for them.
        case follow
        /// Looks at everything there is, which few may do at once.
        case check
    }

    /// What the operation answers when nothing is wrong.
    struct Answer: Sendable {
        let status: Int
        let description: String
        var mediaType = "application/json"
        /// Nil for an answer without a body.
        var schema: JSONValue?
    }

    let method: String
    /// With the names of its parameters in braces.
    let path: String
    let tag: String
    let summary: String
    var parameters: [APIParameter] = []
    /// The media type and the schema of the body that is asked for.
    var body: (mediaType: String, schema: JSONValue)?
    var answers: [Answer]
    var failures = Failures.read

    /// A name that no other operation has, made of method and path.
    var id: String {
        let words = path.split { !$0.isLetter && !$0.isNumber }
            .filter { $0 != "api" && $0 != "v1alpha1" }
        return method.lowercased()
            + words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    /// Statuses of refusals, each with its meaning.
    private var refusals: [(Int, String)] {
        let asked = [
            (400, "The request cannot be meant"), (401, "The token is missing or not valid"),
            (403, "Not allowed, or the namespace is none of the configured ones"),
            (404, "There is no such thing"), (405, "The path does not answer this method"),
            (417, "Something else than 100-continue was expected"),
        ]
        let store = [
            (503, "The store is away, or the cache is too old for what was asked"),
            (504, "The store did not answer in time"),
        ]
        switch failures {
        case .none: return [(405, "The path does not answer this method")]
        case .read:
            return asked + [
                (406, "No acceptable form of the body"),
                (409, "The store has lost the revision that was named"),
                (412, "The entity has another version"),
                (422, "The query would read too much"),
            ] + store
        case .write:
            return asked + [
                (409, "Conflict with what is there"), (412, "The entity has another version"),
                (413, "The body is too large"), (415, "The body has another media type"),
                (422, "The content is not valid"), (428, "The version has to be named"),
                (429, "Too often; Retry-After says when"), (501, "The store keeps no such thing"),
            ] + store
        case .check: return asked + [(429, "Too many checks run; Retry-After says when")] + store
        case .follow:
            return asked + [
                (406, "No acceptable form of the body"),
                (409, "The store has another history"),
                (410, "The log was trimmed past the place"),
                (429, "Too many follow already"),
            ] + store
        }
    }

    /// The operation as it stands in the document.
    var json: JSONValue {
        var object: JSONObject = [
            "operationId": .string(id), "tags": .strings([tag]), "summary": .string(summary),
        ]
        if !parameters.isEmpty { object["parameters"] = .array(parameters.map(\.json)) }
        if let body {
            object["requestBody"] = .object([
                "required": .bool(true),
                "content": .object([body.mediaType: .object(["schema": body.schema])]),
            ])
        }
        var responses = JSONObject()
        for answer in answers {
            let content = answer.schema.map {
                JSONValue.object([answer.mediaType: .object(["schema": $0])])
            }
            // Two answers of one status differ in their media type.
            if case .object(var known)? = responses["\(answer.status)"],
                case .object(var contents)? = known["content"],
                case .object(let more)? = content
            {
                for member in more.members { contents[member.key] = member.value }
                known["content"] = .object(contents)
                responses["\(answer.status)"] = .object(known)
                continue
            }
            var response: JSONObject = ["description": .string(answer.description)]
            response["content"] = content
            responses["\(answer.status)"] = .object(response)
        }
        for (status, meaning) in refusals {
            responses["\(status)"] = .object([
                "description": .string(meaning),
                "content": .object([
                    "application/json": .object(["schema": APISchemas.reference("Error")])
                ]),
            ])
        }
        object["responses"] = .object(responses)
        return .object(object)
    }
}

/// A parameter of an operation.
struct APIParameter: Sendable {
    enum Place: String, Sendable {
        case path, query, header
    }

    let name: String
    let place: Place
    let description: String
    var schema: JSONValue = .object(["type": "string"])

    var json: JSONValue {
        .object([
            "name": .string(name), "in": .string(place.rawValue),
            "required": .bool(place == .path), "description": .string(description),
            "schema": schema,
        ])
    }
}
