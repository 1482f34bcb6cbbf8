import CatalogModel
import Foundation

/// Who may do what, as a role and its binding would say.
struct KubernetesRule: Sendable {
    let user: String?
    let group: String?
    let verbs: Set<String>
    let resources: Set<String>
    let namespace: String

    func allows(_ review: KubernetesDouble.Review) -> Bool {
        let isSubject = user == review.user || group.map(review.groups.contains) == true
        return isSubject && review.group == "catalog.kubeflow.org"
            && (verbs.contains("*") || verbs.contains(review.verb))
            && (resources.contains("*") || resources.contains(review.resource))
            && (namespace == "*" || namespace == review.namespace)
    }
}

/// What the double answers.
enum KubernetesAnswer: Sendable {
    case json(Int, JSONValue)
    case watch(KubernetesWatch)
    case hang
    case drop
}

/// Everything that the double knows: objects with their versions, rules, faults, watches.
struct KubernetesState: Sendable {
    var token: String
    var rules: [KubernetesRule] = []
    var reviews: [KubernetesDouble.Review] = []
    var calls: Set<KubernetesDouble.Call> = []
    var traces: [KubernetesDouble.Trace] = []
    var faults: [(text: String, method: String?, fault: KubernetesDouble.Fault)] = []
    var objects: [String: JSONValue] = [:]
    var watches: [KubernetesWatch] = []
    private var version: Int64 = 1
    private var history: [(version: Int64, path: String, type: String, object: JSONValue)] = []
    private var oldestVersion: Int64 = 0

    init(token: String) { self.token = token }

    mutating func answer(_ request: KubernetesRequest) -> KubernetesAnswer {
        calls.insert(
            KubernetesDouble.Call(
                method: request.method, path: request.path, isWatch: request.isWatch))
        let found = faults.first {
            request.path.contains($0.text) && ($0.method ?? request.method) == request.method
        }
        if let fault = found?.fault {
            switch fault {
            case .status(let code): return Self.status(code, "InternalError", "injected fault")
            case .hang: return .hang
            case .drop: return .drop
            }
        }
        guard request.authorization == "Bearer \(token)" else {
            return Self.status(401, "Unauthorized", "Unauthorized")
        }
        if request.path == "/apis/authorization.k8s.io/v1/subjectaccessreviews" {
            return review(request)
        }
        guard let place = KubernetesPlace(request.path) else {
            return Self.status(404, "NotFound", "the server could not find the requested resource")
        }
        switch (request.method, place.name) {
        case ("GET", nil): return request.isWatch ? watch(request, place) : list(request, place)
        case ("POST", nil): return create(request, place)
        case ("GET", _): return objects[place.path].map { .json(200, $0) } ?? Self.missing(place)
        case ("PUT", _): return update(request, place)
        case ("PATCH", _): return patch(request, place)
        case ("DELETE", _): return delete(place)
        default: return Self.status(405, "MethodNotAllowed", "method not allowed")
        }
    }

    // MARK: Reviews

    private mutating func review(_ request: KubernetesRequest) -> KubernetesAnswer {
        guard request.method == "POST", var body = request.body?.objectValue,
            body["apiVersion"] == "authorization.k8s.io/v1",
            body["kind"] == "SubjectAccessReview", let spec = body["spec"],
            let attributes = spec["resourceAttributes"]
        else { return Self.status(400, "BadRequest", "not a SubjectAccessReview") }
        let groups = (spec["groups"]?.arrayValue ?? []).compactMap(\.stringValue)
        let user = spec["user"]?.stringValue ?? ""
        guard !user.isEmpty || !groups.isEmpty else {
            return Self.status(422, "Invalid", "at least one of user or group must be specified")
        }
        let review = KubernetesDouble.Review(
            user: user, groups: groups, group: attributes["group"]?.stringValue ?? "",
            resource: attributes["resource"]?.stringValue ?? "",
            verb: attributes["verb"]?.stringValue ?? "",
            namespace: attributes["namespace"]?.stringValue ?? "")
        reviews.append(review)
        body["status"] = ["allowed": .bool(rules.contains { $0.allows(review) })]
        return .json(201, .object(body))
    }

    // MARK: Objects

    private func list(_ request: KubernetesRequest, _ place: KubernetesPlace) -> KubernetesAnswer {
        let items = objects.filter { place.collects($0.key) && request.selects($0.value) }
            .sorted { $0.key < $1.key }.map(\.value)
        return .json(
            200,
            [
                "kind": "List", "apiVersion": "v1",
                "metadata": ["resourceVersion": .string("\(version)")], "items": .array(items),
            ])
    }

    private mutating func create(
        _ request: KubernetesRequest, _ place: KubernetesPlace
    ) -> KubernetesAnswer {
        guard let body = request.body, let name = body.value(at: "metadata.name")?.stringValue
        else {
            return Self.status(422, "Invalid", "metadata.name: Required value")
        }
        let path = "\(place.path)/\(name)"
        guard objects[path] == nil else {
            return Self.status(409, "AlreadyExists", "\(place.kind) \"\(name)\" already exists")
        }
        if let problem = place.problem(of: body) { return Self.status(422, "Invalid", problem) }
        return .json(201, store(body, at: path, type: "ADDED"))
    }

    private mutating func update(
        _ request: KubernetesRequest, _ place: KubernetesPlace
    ) -> KubernetesAnswer {
        guard let old = objects[place.path] else { return Self.missing(place) }
        guard let body = request.body else { return Self.status(400, "BadRequest", "no body") }
        let given = body.value(at: "metadata.resourceVersion")?.stringValue ?? ""
        if given.isEmpty, place.kind == "leases" {
            return Self.status(
                422, "Invalid", "metadata.resourceVersion: must be specified for an update")
        }
        guard given.isEmpty || given == old.value(at: "metadata.resourceVersion")?.stringValue
        else { return conflict(place) }
        if let problem = place.problem(of: body) { return Self.status(422, "Invalid", problem) }
        return .json(200, store(body, at: place.path, type: "MODIFIED"))
    }

    private mutating func patch(
        _ request: KubernetesRequest, _ place: KubernetesPlace
    ) -> KubernetesAnswer {
        guard let old = objects[place.path] else { return Self.missing(place) }
        guard request.contentType == "application/merge-patch+json", let body = request.body else {
            return Self.status(415, "UnsupportedMediaType", "only merge patches")
        }
        let given = body.value(at: "metadata.resourceVersion")?.stringValue
        guard given == nil || given == old.value(at: "metadata.resourceVersion")?.stringValue
        else { return conflict(place) }
        let merged = JSONMergePatch.apply(body, to: old)
        if let problem = place.problem(of: merged) { return Self.status(422, "Invalid", problem) }
        return .json(200, store(merged, at: place.path, type: "MODIFIED"))
    }

    private mutating func delete(_ place: KubernetesPlace) -> KubernetesAnswer {
        guard objects[place.path] != nil else { return Self.missing(place) }
        remove(place.path)
        return Self.status(200, "", "", "Success")
    }

    mutating func put(_ object: JSONValue, at path: String) {
        _ = store(object, at: path, type: objects[path] == nil ? "ADDED" : "MODIFIED")
    }

    mutating func remove(_ path: String) {
        guard let object = objects.removeValue(forKey: path) else { return }
        version += 1
        record(path, "DELETED", object)
    }

    private mutating func store(_ object: JSONValue, at path: String, type: String) -> JSONValue {
        version += 1
        var body = object.objectValue ?? JSONObject()
        var metadata = body["metadata"]?.objectValue ?? JSONObject()
        let old = objects[path]?["metadata"]
        metadata["name"] = .string(path.split(separator: "/").last.map(String.init) ?? "")
        metadata["resourceVersion"] = .string("\(version)")
        metadata["uid"] = old?["uid"] ?? .string(UUID().uuidString.lowercased())
        body["metadata"] = .object(metadata)
        objects[path] = .object(body)
        record(path, type, .object(body))
        return .object(body)
    }

    // MARK: Watches

    private mutating func record(_ path: String, _ type: String, _ object: JSONValue) {
        history.append((version, path, type, object))
        for watch in watches where watch.place.collects(path) && watch.request.selects(object) {
            watch.send(type, object)
        }
    }

    mutating func forgetHistory() {
        version += 1
        history = []
        oldestVersion = version
    }

    private mutating func watch(
        _ request: KubernetesRequest, _ place: KubernetesPlace
    ) -> KubernetesAnswer {
        let watch = KubernetesWatch(place: place, request: request)
        let given = request.query["resourceVersion"].flatMap { Int64($0) } ?? 0
        if given == 0 {
            for (path, object) in objects.sorted(by: { $0.key < $1.key })
            where place.collects(path) && request.selects(object) { watch.send("ADDED", object) }
        } else if given < oldestVersion {
            watch.send(
                "ERROR",
                [
                    "kind": "Status", "code": 410, "reason": "Expired",
                    "message": "too old resource version",
                ])
            watch.end()
            return .watch(watch)
        } else {
            for event in history
            where event.version > given && place.collects(event.path)
                && request.selects(event.object)
            {
                watch.send(event.type, event.object)
            }
        }
        watches.append(watch)
        return .watch(watch)
    }

    // MARK: Status objects

    private func conflict(_ place: KubernetesPlace) -> KubernetesAnswer {
        Self.status(
            409, "Conflict",
            "Operation cannot be fulfilled on \(place.kind) \"\(place.name ?? "")\": the object has "
                + "been modified; please apply your changes to the latest version and try again")
    }

    private static func missing(_ place: KubernetesPlace) -> KubernetesAnswer {
        status(404, "NotFound", "\(place.kind) \"\(place.name ?? "")\" not found")
    }

    private static func status(
        _ code: Int, _ reason: String, _ message: String, _ outcome: String = "Failure"
    ) -> KubernetesAnswer {
        .json(
            code,
            [
                "kind": "Status", "apiVersion": "v1", "status": .string(outcome),
                "reason": .string(reason), "message": .string(message), "code": .int(code),
            ])
    }
}
