# The device's addresses, apart from those that mean itself or one link alone.
.class public final Ldev/drydock/agent/Addresses;
.super Ljava/lang/Object;

.method public static putInto(Lorg/json/JSONObject;)V
    .locals 3
    new-instance v0, Lorg/json/JSONArray;
    invoke-direct {v0}, Lorg/json/JSONArray;-><init>()V
    new-instance v1, Lorg/json/JSONArray;
    invoke-direct {v1}, Lorg/json/JSONArray;-><init>()V
    invoke-static {v0, v1}, Ldev/drydock/agent/Addresses;->collect(Lorg/json/JSONArray;Lorg/json/JSONArray;)V
    const-string v2, "ipv4"
    invoke-virtual {p0, v2, v0}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    const-string v2, "ipv6"
    invoke-virtual {p0, v2, v1}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    const-string v2, "mac_addresses"
    new-instance v0, Lorg/json/JSONArray;
    invoke-direct {v0}, Lorg/json/JSONArray;-><init>()V
    invoke-virtual {p0, v2, v0}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    const-string v2, "users"
    new-instance v0, Lorg/json/JSONArray;
    invoke-direct {v0}, Lorg/json/JSONArray;-><init>()V
    invoke-virtual {p0, v2, v0}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    return-void
.end method

.method private static collect(Lorg/json/JSONArray;Lorg/json/JSONArray;)V
    .locals 4
    invoke-static {}, Ljava/net/NetworkInterface;->getNetworkInterfaces()Ljava/util/Enumeration;
    move-result-object v0
    if-eqz v0, :end
    :interface
    invoke-interface {v0}, Ljava/util/Enumeration;->hasMoreElements()Z
    move-result v1
    if-eqz v1, :end
    invoke-interface {v0}, Ljava/util/Enumeration;->nextElement()Ljava/lang/Object;
    move-result-object v1
    check-cast v1, Ljava/net/NetworkInterface;
    invoke-virtual {v1}, Ljava/net/NetworkInterface;->getInetAddresses()Ljava/util/Enumeration;
    move-result-object v1
    :address
    invoke-interface {v1}, Ljava/util/Enumeration;->hasMoreElements()Z
    move-result v2
    if-eqz v2, :interface
    invoke-interface {v1}, Ljava/util/Enumeration;->nextElement()Ljava/lang/Object;
    move-result-object v2
    check-cast v2, Ljava/net/InetAddress;
    invoke-virtual {v2}, Ljava/net/InetAddress;->isLoopbackAddress()Z
    move-result v3
    if-nez v3, :address
    invoke-virtual {v2}, Ljava/net/InetAddress;->isLinkLocalAddress()Z
    move-result v3
    if-nez v3, :address
    instance-of v3, v2, Ljava/net/Inet4Address;
    if-eqz v3, :six
    invoke-static {p0, v2}, Ldev/drydock/agent/Addresses;->add(Lorg/json/JSONArray;Ljava/net/InetAddress;)V
    goto :address
    :six
    invoke-static {p1, v2}, Ldev/drydock/agent/Addresses;->add(Lorg/json/JSONArray;Ljava/net/InetAddress;)V
    goto :address
    :end
    return-void
.end method

# No more than the server takes.
.method private static add(Lorg/json/JSONArray;Ljava/net/InetAddress;)V
    .locals 2
    invoke-virtual {p0}, Lorg/json/JSONArray;->length()I
    move-result v0
    const/16 v1, 0x40
    if-ge v0, v1, :full
    invoke-virtual {p1}, Ljava/net/InetAddress;->getHostAddress()Ljava/lang/String;
    move-result-object v0
    invoke-static {v0, v1}, Ldev/drydock/agent/Text;->cut(Ljava/lang/String;I)Ljava/lang/String;
    move-result-object v0
    invoke-virtual {p0, v0}, Lorg/json/JSONArray;->put(Ljava/lang/Object;)Lorg/json/JSONArray;
    :full
    return-void
.end method
