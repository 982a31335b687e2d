# One attempt of an upgrade, as it is told to the server: kept before each step, so that a process
# that was killed finds out where it was. Beside the report itself: `attempt_manifest`, which
# release it is to, `attempt_session`, the installer's session, and `attempt_began`.
.class public final Ldev/drydock/agent/Attempt;
.super Ljava/lang/Object;

# Null where there is none.
.method public static load(Landroid/content/Context;)Lorg/json/JSONObject;
    .locals 2
    const-string v0, "attempt"
    invoke-static {p0, v0}, Ldev/drydock/agent/Store;->get(Landroid/content/Context;Ljava/lang/String;)Ljava/lang/String;
    move-result-object v0
    if-nez v0, :there
    const/4 v0, 0x0
    return-object v0
    :there
    new-instance v1, Lorg/json/JSONObject;
    invoke-direct {v1, v0}, Lorg/json/JSONObject;-><init>(Ljava/lang/String;)V
    return-object v1
.end method

# The phase; empty where there is no attempt.
.method public static phase(Landroid/content/Context;)Ljava/lang/String;
    .locals 2
    invoke-static {p0}, Ldev/drydock/agent/Attempt;->load(Landroid/content/Context;)Lorg/json/JSONObject;
    move-result-object v0
    if-nez v0, :there
    const-string v0, ""
    return-object v0
    :there
    const-string v1, "phase"
    invoke-virtual {v0, v1}, Lorg/json/JSONObject;->getString(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v0
    return-object v0
.end method

.method public static isIn(Landroid/content/Context;Ljava/lang/String;)Z
    .locals 1
    invoke-static {p0}, Ldev/drydock/agent/Attempt;->phase(Landroid/content/Context;)Ljava/lang/String;
    move-result-object v0
    invoke-virtual {v0, p1}, Ljava/lang/String;->equals(Ljava/lang/Object;)Z
    move-result v0
    return v0
.end method

# For the check-in: the attempt, or JSON's null.
.method public static report(Landroid/content/Context;)Ljava/lang/Object;
    .locals 1
    invoke-static {p0}, Ldev/drydock/agent/Attempt;->load(Landroid/content/Context;)Lorg/json/JSONObject;
    move-result-object v0
    if-nez v0, :there
    sget-object v0, Lorg/json/JSONObject;->NULL:Ljava/lang/Object;
    :there
    return-object v0
.end method

# The version that failed here last, as the check-in lists it.
.method public static skipped(Landroid/content/Context;)Lorg/json/JSONArray;
    .locals 3
    new-instance v0, Lorg/json/JSONArray;
    invoke-direct {v0}, Lorg/json/JSONArray;-><init>()V
    const-string v1, "skipped"
    invoke-static {p0, v1}, Ldev/drydock/agent/Store;->get(Landroid/content/Context;Ljava/lang/String;)Ljava/lang/String;
    move-result-object v1
    if-eqz v1, :none
    new-instance v2, Lorg/json/JSONObject;
    invoke-direct {v2, v1}, Lorg/json/JSONObject;-><init>(Ljava/lang/String;)V
    invoke-virtual {v0, v2}, Lorg/json/JSONArray;->put(Ljava/lang/Object;)Lorg/json/JSONArray;
    :none
    return-object v0
.end method

# Takes an instruction `upgrade`; one that is taken already changes nothing.
.method public static begin(Landroid/content/Context;Lorg/json/JSONObject;)V
    .locals 6
    const-string v0, "attempt_id"
    invoke-virtual {p1, v0}, Lorg/json/JSONObject;->getString(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v1
    invoke-static {p0, v1}, Ldev/drydock/agent/Attempt;->isNamed(Landroid/content/Context;Ljava/lang/String;)Z
    move-result v2
    if-eqz v2, :new
    return-void
    :new
    invoke-static {p0}, Ldev/drydock/agent/Install;->abandon(Landroid/content/Context;)V
    new-instance v2, Lorg/json/JSONObject;
    invoke-direct {v2}, Lorg/json/JSONObject;-><init>()V
    invoke-virtual {v2, v0, v1}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    const-string v0, "phase"
    const-string v1, "accepted"
    invoke-virtual {v2, v0, v1}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    const/4 v1, 0x0
    const-string v0, "percent"
    invoke-virtual {v2, v0, v1}, Lorg/json/JSONObject;->put(Ljava/lang/String;I)Lorg/json/JSONObject;
    const-string v0, "bytes_done"
    invoke-virtual {v2, v0, v1}, Lorg/json/JSONObject;->put(Ljava/lang/String;I)Lorg/json/JSONObject;
    const-string v0, "bytes_total"
    invoke-virtual {v2, v0, v1}, Lorg/json/JSONObject;->put(Ljava/lang/String;I)Lorg/json/JSONObject;
    sget-object v1, Lorg/json/JSONObject;->NULL:Ljava/lang/Object;
    const-string v0, "reason"
    invoke-virtual {v2, v0, v1}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    const-string v0, "message"
    invoke-virtual {v2, v0, v1}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    const-string v0, "manifest_digest"
    invoke-virtual {p1, v0}, Lorg/json/JSONObject;->getString(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v1
    const-string v0, "attempt_manifest"
    invoke-static {p0, v0, v1}, Ldev/drydock/agent/Store;->put(Landroid/content/Context;Ljava/lang/String;Ljava/lang/String;)V
    invoke-static {}, Ljava/lang/System;->currentTimeMillis()J
    move-result-wide v4
    invoke-static {v4, v5}, Ljava/lang/String;->valueOf(J)Ljava/lang/String;
    move-result-object v1
    const-string v0, "attempt_began"
    invoke-static {p0, v0, v1}, Ldev/drydock/agent/Store;->put(Landroid/content/Context;Ljava/lang/String;Ljava/lang/String;)V
    const/4 v1, 0x0
    const-string v0, "skipped"
    invoke-static {p0, v0, v1}, Ldev/drydock/agent/Store;->put(Landroid/content/Context;Ljava/lang/String;Ljava/lang/String;)V
    invoke-static {p0, v2}, Ldev/drydock/agent/Attempt;->save(Landroid/content/Context;Lorg/json/JSONObject;)V
    return-void
.end method

.method public static isNamed(Landroid/content/Context;Ljava/lang/String;)Z
    .locals 2
    invoke-static {p0}, Ldev/drydock/agent/Attempt;->load(Landroid/content/Context;)Lorg/json/JSONObject;
    move-result-object v0
    if-nez v0, :there
    const/4 v0, 0x0
    return v0
    :there
    const-string v1, "attempt_id"
    invoke-virtual {v0, v1}, Lorg/json/JSONObject;->getString(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v0
    invoke-virtual {v0, p1}, Ljava/lang/String;->equals(Ljava/lang/Object;)Z
    move-result v0
    return v0
.end method

.method public static save(Landroid/content/Context;Lorg/json/JSONObject;)V
    .locals 2
    const-string v0, "attempt"
    invoke-virtual {p1}, Lorg/json/JSONObject;->toString()Ljava/lang/String;
    move-result-object v1
    invoke-static {p0, v0, v1}, Ldev/drydock/agent/Store;->put(Landroid/content/Context;Ljava/lang/String;Ljava/lang/String;)V
    return-void
.end method

# To another phase, if there is an attempt.
.method public static enter(Landroid/content/Context;Ljava/lang/String;)V
    .locals 2
    invoke-static {p0}, Ldev/drydock/agent/Attempt;->load(Landroid/content/Context;)Lorg/json/JSONObject;
    move-result-object v0
    if-eqz v0, :none
    const-string v1, "phase"
    invoke-virtual {v0, v1, p1}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    invoke-static {p0, v0}, Ldev/drydock/agent/Attempt;->save(Landroid/content/Context;Lorg/json/JSONObject;)V
    :none
    return-void
.end method

# Ends it as failed, with a reason code of docs/reasons.md.
.method public static fail(Landroid/content/Context;Ljava/lang/String;Ljava/lang/String;)V
    .locals 3
    invoke-static {p0}, Ldev/drydock/agent/Install;->abandon(Landroid/content/Context;)V
    invoke-static {p0}, Ldev/drydock/agent/Attempt;->load(Landroid/content/Context;)Lorg/json/JSONObject;
    move-result-object v0
    if-eqz v0, :none
    const-string v1, "phase"
    const-string v2, "failed"
    invoke-virtual {v0, v1, v2}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    const-string v1, "reason"
    invoke-virtual {v0, v1, p1}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    const-string v1, "message"
    const/16 v2, 0x3e8
    invoke-static {p2, v2}, Ldev/drydock/agent/Text;->cut(Ljava/lang/String;I)Ljava/lang/String;
    move-result-object v2
    invoke-virtual {v0, v1, v2}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    invoke-static {p0, v0}, Ldev/drydock/agent/Attempt;->save(Landroid/content/Context;Lorg/json/JSONObject;)V
    :none
    return-void
.end method

# What the device would not install is not tried again until told.
.method public static skip(Landroid/content/Context;)V
    .locals 3
    const-string v0, "attempt_manifest"
    invoke-static {p0, v0}, Ldev/drydock/agent/Store;->get(Landroid/content/Context;Ljava/lang/String;)Ljava/lang/String;
    move-result-object v0
    if-eqz v0, :none
    new-instance v1, Lorg/json/JSONObject;
    invoke-direct {v1}, Lorg/json/JSONObject;-><init>()V
    const-string v2, "manifest_digest"
    invoke-virtual {v1, v2, v0}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    const-string v2, "reason"
    const-string v0, "install-failed"
    invoke-virtual {v1, v2, v0}, Lorg/json/JSONObject;->put(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    invoke-virtual {v1}, Lorg/json/JSONObject;->toString()Ljava/lang/String;
    move-result-object v1
    const-string v2, "skipped"
    invoke-static {p0, v2, v1}, Ldev/drydock/agent/Store;->put(Landroid/content/Context;Ljava/lang/String;Ljava/lang/String;)V
    :none
    return-void
.end method

# The server has stored how it ended.
.method public static forget(Landroid/content/Context;)V
    .locals 2
    const/4 v1, 0x0
    const-string v0, "attempt"
    invoke-static {p0, v0, v1}, Ldev/drydock/agent/Store;->put(Landroid/content/Context;Ljava/lang/String;Ljava/lang/String;)V
    const-string v0, "attempt_manifest"
    invoke-static {p0, v0, v1}, Ldev/drydock/agent/Store;->put(Landroid/content/Context;Ljava/lang/String;Ljava/lang/String;)V
    return-void
.end method
