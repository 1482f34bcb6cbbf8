import HTTPTypes
import NIOCore
import Testing

@testable import Server

@Suite struct `Trusted proxies` {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.1", false),
        ("192.168.1.128/25", "192.168.1.200", true), ("192.168.1.128/25", "192.168.1.1", false),
        ("127.0.0.1", "127.0.0.1", true), ("127.0.0.1", "127.0.0.2", false),
        ("0.0.0.0/0", "8.8.8.8", true), ("0.0.0.0/0", "::1", false),
        ("fd00::/8", "fd12:3456::1", true), ("fd00::/8", "fe80::1", false),
        ("::1", "::1", true), ("2001:db8::/33", "2001:db8:7fff::", true),
        ("2001:db8::/33", "2001:db8:8000::", false), ("10.0.0.0/8", "::ffff:10.1.2.3", true),
        ("::ffff:10.0.0.1", "10.0.0.1", true),
    ])
    func `a network contains its addresses`(network: String, peer: String, isIn: Bool) throws {
        let proxies = TrustedProxies(networks: [try #require(.init(network))])
        #expect(proxies.contains(try SocketAddress(ipAddress: peer, port: 1)) == isIn)
    }

    @Test(arguments: [
        "", "10", "10.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.256", "1.2.3.4.5",
        "::1::", "fd00::/129", "g::1", "12345::1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "a.b.c.d",
        "10.0.0.0/8/8", "10.0.0.0/ 8", "01234.0.0.1", "+1::2",
    ])
    func `anything else is no network`(text: String) {
        #expect(TrustedProxies.Network(text) == nil)
    }

    @Test func `headers of others are not looked at`() throws {
        let proxies = TrustedProxies(networks: [try #require(.init("10.0.0.0/8"))])
        let reader = IdentityReader(proxies: proxies, tokens: nil, isReviewing: false)
        let headers: HTTPFields = [
            .remoteUser: "alice", .remoteGroup: "a,b", .userRole: "operator",
            .userPrincipal: " ann ",
        ]
        let inside = try SocketAddress(ipAddress: "10.1.1.1", port: 1)
        let outside = try SocketAddress(ipAddress: "8.8.8.8", port: 1)
        let believed = try reader.identity(of: headers, from: inside)
        #expect(believed.user == "alice")
        #expect(believed.groups == ["a", "b"])
        #expect(believed.isOperator)
        #expect(believed.principal == "ann" && believed.role == "operator")
        for peer in [outside, nil] {
            let other = try reader.identity(of: headers, from: peer)
            #expect(other.isAnonymous)
            #expect(other.groups.isEmpty)
            #expect(!other.isOperator)
            #expect(other.principal.isEmpty && other.role.isEmpty)
            #expect(other.rawUser.isEmpty && other.rawGroups.isEmpty)
        }
        #expect(TrustedProxies.any.contains(nil))
    }
}
