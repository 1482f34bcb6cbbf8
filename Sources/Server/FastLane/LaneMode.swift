/// Where hits are answered.
package enum LaneMode: String, Sendable, Hashable, CaseIterable {
    /// By the router like everything else.
    case off
    /// From the parts that the HTTP decoder makes of a request.
    case parts
    /// From the request's bytes where they are of the plain form, else from the parts.
    case bytes
}
