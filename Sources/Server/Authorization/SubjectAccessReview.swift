import CatalogModel

/// Asks the Kubernetes API: one `SubjectAccessReview` for each question.
struct SubjectAccessReview: AccessReviewing {
    private static let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"

    let client: KubernetesClient

    func isAllowed(_ question: AccessQuestion) async throws -> Bool {
        let answer = try await client.create(Self.body(question), at: Self.path)
        guard let allowed = answer.value(at: "status.allowed")?.boolValue else {
            throw KubernetesError(.malformed, "the review has no status.allowed")
        }
        return allowed
    }

    static func body(_ question: AccessQuestion) -> JSONValue {
        [
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": [
                "user": .string(question.user), "groups": .strings(question.groups),
                "resourceAttributes": [
                    "group": .string(AccessAction.group),
                    "resource": .string(question.action.resource.rawValue),
                    "verb": .string(question.action.verb.rawValue),
                    "namespace": .string(question.namespace.name),
                ],
            ],
        ]
    }
}
