# Who this endpoint is to its server: endpoint id and credential, kept in private storage.
.class public final Ldev/drydock/agent/Identity;
.super Ljava/lang/Object;

# Of one life of the process; two that alternate betray a copied identity.
.field public static final RUN:Ljava/lang/String;

.method static constructor <clinit>()V
    .locals 1
    invoke-static {}, Ldev/drydock/agent/Text;->newId()Ljava/lang/String;
    move-result-object v0
    sput-object v0, Ldev/drydock/agent/Identity;->RUN:Ljava/lang/String;
    return-void
.end method

# `<endpoint id>.<credential>`; null where none is known at the server of this installation.
.method public static bearer(Landroid/content/Context;Lorg/json/JSONObject;)Ljava/lang/String;
    .locals 2
    const-string v0, "server_url"
    invoke-virtual {p1, v0}, Lorg/json/JSONObject;->getString(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v1
    invoke-static {p0, v0}, Ldev/drydock/agent/Store;->get(Landroid/content/Context;Ljava/lang/String;)Ljava/lang/String;
    move-result-object v0
    invoke-virtual {v1, v0}, Ljava/lang/String;->equals(Ljava/lang/Object;)Z
    move-result v0
    if-nez v0, :same
    const/4 v0, 0x0
    return-object v0
    :same
    const-string v0, "bearer"
    invoke-static {p0, v0}, Ldev/drydock/agent/Store;->get(Landroid/content/Context;Ljava/lang/String;)Ljava/lang/String;
    move-result-object v0
    return-object v0
.end method

.method public static forget(Landroid/content/Context;)V
    .locals 2
    const-string v0, "bearer"
    const/4 v1, 0x0
    invoke-static {p0, v0, v1}, Ldev/drydock/agent/Store;->put(Landroid/content/Context;Ljava/lang/String;Ljava/lang/String;)V
    return-void
.end method

# This identity is somebody else's: the next enrolment gets one of its own.
.method public static forgetAsCopy(Landroid/content/Context;)V
    .locals 2
    const-string v0, "is_copy"
    invoke-static {p0, v0, v0}, Ldev/drydock/agent/Store;->put(Landroid/content/Context;Ljava/lang/String;Ljava/lang/String;)V
    invoke-static {p0}, Ldev/drydock/agent/Identity;->forget(Landroid/content/Context;)V
    return-void
.end method

# POST /agent/v1/enrol. What it got is kept before it returns.
.method public static enrol(Landroid/content/Context;Lorg/json/JSONObject;)V
    .locals 6
    new-instance v0, Lorg/json/JSONObject;
    invoke-direct {v0}, Lorg/json/JSONObject;-><init>()V
    const-string v1, "protocol"
    const/4 v2, 0x1
    invoke-virtual {v0, v1, v2}, Lorg/json/JSONObject;->put(Ljava/lang/String;I)Lorg/json/JSONObject;
    const-string v1, "distribution_id"
    invoke-virtual {p1, v1}, Lorg/json/JSONObject;->getString(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v2
    invoke-virtual {v0, v1, v2}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    const-string v1, "token"
    invoke-virtual {p1, v1}, Lorg/json/JSONObject;->getString(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v2
    invoke-virtual {v0, v1, v2}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    const-string v1, "run_id"
    sget-object v2, Ldev/drydock/agent/Identity;->RUN:Ljava/lang/String;
    invoke-virtual {v0, v1, v2}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    const-string v1, "facts"
    invoke-static {p0, p1}, Ldev/drydock/agent/Facts;->collect(Landroid/content/Context;Lorg/json/JSONObject;)Lorg/json/JSONObject;
    move-result-object v2
    invoke-virtual {v0, v1, v2}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    const-string v1, "is_copy"
    invoke-static {p0, v1}, Ldev/drydock/agent/Store;->get(Landroid/content/Context;Ljava/lang/String;)Ljava/lang/String;
    move-result-object v2
    if-eqz v2, :original
    const/4 v2, 0x1
    goto :told
    :original
    const/4 v2, 0x0
    :told
    invoke-virtual {v0, v1, v2}, Lorg/json/JSONObject;->put(Ljava/lang/String;Z)Lorg/json/JSONObject;
    invoke-virtual {v0}, Lorg/json/JSONObject;->toString()Ljava/lang/String;
    move-result-object v0
    const-string v2, "/agent/v1/enrol"
    const/4 v3, 0x0
    invoke-static {p1, v2, v3, v0}, Ldev/drydock/agent/Link;->request(Lorg/json/JSONObject;Ljava/lang/String;Ljava/lang/String;Ljava/lang/String;)Ljava/net/HttpURLConnection;
    move-result-object v0
    invoke-static {v0}, Ldev/drydock/agent/Link;->json(Ljava/net/HttpURLConnection;)Lorg/json/JSONObject;
    move-result-object v0
    new-instance v4, Ljava/lang/StringBuilder;
    const-string v5, "endpoint_id"
    invoke-virtual {v0, v5}, Lorg/json/JSONObject;->getString(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v5
    invoke-direct {v4, v5}, Ljava/lang/StringBuilder;-><init>(Ljava/lang/String;)V
    const-string v5, "."
    invoke-virtual {v4, v5}, Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
    const-string v5, "credential"
    invoke-virtual {v0, v5}, Lorg/json/JSONObject;->getString(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v5
    invoke-virtual {v4, v5}, Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;
    invoke-virtual {v4}, Ljava/lang/StringBuilder;->toString()Ljava/lang/String;
    move-result-object v4
    const-string v5, "server_url"
    invoke-virtual {p1, v5}, Lorg/json/JSONObject;->getString(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v0
    invoke-static {p0, v5, v0}, Ldev/drydock/agent/Store;->put(Landroid/content/Context;Ljava/lang/String;Ljava/lang/String;)V
    const-string v5, "bearer"
    invoke-static {p0, v5, v4}, Ldev/drydock/agent/Store;->put(Landroid/content/Context;Ljava/lang/String;Ljava/lang/String;)V
    invoke-static {p0, v1, v3}, Ldev/drydock/agent/Store;->put(Landroid/content/Context;Ljava/lang/String;Ljava/lang/String;)V
    return-void
.end method
