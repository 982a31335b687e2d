# enrolment.json: which server, which distribution, which token. It comes in the package, or with
# the QR code of an owned device; an upgrade brings none, so what was there is remembered.
.class public final Ldev/drydock/agent/Installation;
.super Ljava/lang/Object;

# Null where none was ever given.
.method public static load(Landroid/content/Context;)Lorg/json/JSONObject;
    .locals 3
    const-string v0, "enrolment.json"
    invoke-static {p0, v0}, Ldev/drydock/agent/Installation;->asset(Landroid/content/Context;Ljava/lang/String;)Ljava/lang/String;
    move-result-object v1
    const-string v0, "installation"
    if-nez v1, :brought
    invoke-static {p0, v0}, Ldev/drydock/agent/Store;->get(Landroid/content/Context;Ljava/lang/String;)Ljava/lang/String;
    move-result-object v1
    if-nez v1, :known
    const/4 v2, 0x0
    return-object v2
    :brought
    invoke-static {p0, v0, v1}, Ldev/drydock/agent/Store;->put(Landroid/content/Context;Ljava/lang/String;Ljava/lang/String;)V
    :known
    new-instance v2, Lorg/json/JSONObject;
    invoke-direct {v2, v1}, Lorg/json/JSONObject;-><init>(Ljava/lang/String;)V
    return-object v2
.end method

# A file of this package as text; null where it has none of this name.
.method public static asset(Landroid/content/Context;Ljava/lang/String;)Ljava/lang/String;
    .locals 2
    invoke-virtual {p0}, Landroid/content/Context;->getAssets()Landroid/content/res/AssetManager;
    move-result-object v0
    :open_start
    invoke-virtual {v0, p1}, Landroid/content/res/AssetManager;->open(Ljava/lang/String;)Ljava/io/InputStream;
    move-result-object v0
    :open_end
    .catch Ljava/io/FileNotFoundException; {:open_start .. :open_end} :absent
    const/high16 v1, 0x600000
    invoke-static {v0, v1}, Ldev/drydock/agent/Text;->read(Ljava/io/InputStream;I)Ljava/lang/String;
    move-result-object v0
    return-object v0
    :absent
    move-exception v0
    const/4 v0, 0x0
    return-object v0
.end method

# The bundle of the QR code that made this app the device's owner.
.method public static take(Landroid/content/Context;Landroid/os/PersistableBundle;)V
    .locals 5
    if-eqz p1, :nothing
    new-instance v0, Lorg/json/JSONObject;
    invoke-direct {v0}, Lorg/json/JSONObject;-><init>()V
    const-string v1, "server_url"
    invoke-static {v0, p1, v1}, Ldev/drydock/agent/Installation;->copy(Lorg/json/JSONObject;Landroid/os/PersistableBundle;Ljava/lang/String;)V
    const-string v1, "distribution_id"
    invoke-static {v0, p1, v1}, Ldev/drydock/agent/Installation;->copy(Lorg/json/JSONObject;Landroid/os/PersistableBundle;Ljava/lang/String;)V
    const-string v1, "token"
    invoke-static {v0, p1, v1}, Ldev/drydock/agent/Installation;->copy(Lorg/json/JSONObject;Landroid/os/PersistableBundle;Ljava/lang/String;)V
    invoke-virtual {v0}, Lorg/json/JSONObject;->length()I
    move-result v1
    const/4 v2, 0x3
    if-ne v1, v2, :nothing
    const-string v1, "installation"
    invoke-virtual {v0}, Lorg/json/JSONObject;->toString()Ljava/lang/String;
    move-result-object v2
    invoke-static {p0, v1, v2}, Ldev/drydock/agent/Store;->put(Landroid/content/Context;Ljava/lang/String;Ljava/lang/String;)V
    :nothing
    return-void
.end method

# Without a value in the bundle: none in the object either.
.method private static copy(Lorg/json/JSONObject;Landroid/os/PersistableBundle;Ljava/lang/String;)V
    .locals 1
    invoke-virtual {p1, p2}, Landroid/os/PersistableBundle;->getString(Ljava/lang/String;)Ljava/lang/String;
    move-result-object v0
    invoke-virtual {p0, p2, v0}, Lorg/json/JSONObject;->putOpt(Ljava/lang/String;Ljava/lang/Object;)Lorg/json/JSONObject;
    return-void
.end method
