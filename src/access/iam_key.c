#include "access/iam_priv.h"

#include <string.h>
#include <strings.h>

/* Keys of any request, and those of EC2: "AWS global condition context keys" and "Actions,
 * resources, and condition keys for Amazon EC2". Most of them no request here ever has; but
 * they are right in a policy, which a misspelled one is not. */
static const char *const names[] = {
	"aws:AssumedRoot",
	"aws:CalledVia",
	"aws:CalledViaAWSMCP",
	"aws:CalledViaFirst",
	"aws:CalledViaLast",
	"aws:ChatbotSourceArn",
	"aws:CurrentTime",
	"aws:Ec2InstanceSourcePrivateIPv4",
	"aws:Ec2InstanceSourceVpc",
	"aws:EpochTime",
	"aws:FederatedProvider",
	"aws:IsMcpServiceAction",
	"aws:MultiFactorAuthAge",
	"aws:MultiFactorAuthPresent",
	"aws:PrincipalAccount",
	"aws:PrincipalArn",
	"aws:PrincipalIsAWSService",
	"aws:PrincipalOrgID",
	"aws:PrincipalOrgPaths",
	"aws:PrincipalServiceName",
	"aws:PrincipalServiceNamesList",
	"aws:PrincipalType",
	"aws:referer",
	"aws:RequestedRegion",
	"aws:ResourceAccount",
	"aws:ResourceOrgID",
	"aws:ResourceOrgPaths",
	"aws:SecureTransport",
	"aws:SourceAccount",
	"aws:SourceArn",
	"aws:SourceIdentity",
	"aws:SourceIp",
	"aws:SourceOrgID",
	"aws:SourceOrgPaths",
	"aws:SourceOwner",
	"aws:SourceVpc",
	"aws:SourceVpcArn",
	"aws:SourceVpce",
	"aws:TagKeys",
	"aws:TokenIssueTime",
	"aws:UserAgent",
	"aws:userid",
	"aws:username",
	"aws:ViaAWSMCPService",
	"aws:ViaAWSService",
	"aws:VpceAccount",
	"aws:VpceOrgID",
	"aws:VpceOrgPaths",
	"aws:VpcSourceIp",
	"ec2:AccepterVpc",
	"ec2:Add/group",
	"ec2:Add/userId",
	"ec2:AllocationId",
	"ec2:AssociatePublicIpAddress",
	"ec2:Attribute",
	"ec2:AuthenticationType",
	"ec2:AuthorizedService",
	"ec2:AuthorizedUser",
	"ec2:AutoPlacement",
	"ec2:AvailabilityZone",
	"ec2:AvailabilityZoneId",
	"ec2:BootModeOverride",
	"ec2:CapacityReservationFleet",
	"ec2:ClientRootCertificateChainArn",
	"ec2:CloudwatchLogGroupArn",
	"ec2:CloudwatchLogStreamArn",
	"ec2:CommitmentDuration",
	"ec2:CpuOptionsAmdSevSnp",
	"ec2:CreateAction",
	"ec2:CreateDate",
	"ec2:DestinationCapacityReservationId",
	"ec2:DhcpOptionsID",
	"ec2:DirectoryArn",
	"ec2:Domain",
	"ec2:DPDTimeoutSeconds",
	"ec2:EbsOptimized",
	"ec2:ElasticGpuType",
	"ec2:Encrypted",
	"ec2:EndDate",
	"ec2:EndDateType",
	"ec2:EphemeralStorage",
	"ec2:FisActionId",
	"ec2:FisTargetArns",
	"ec2:GatewayType",
	"ec2:HostRecovery",
	"ec2:IKEVersions",
	"ec2:ImageID",
	"ec2:ImageType",
	"ec2:InsideTunnelCidr",
	"ec2:InsideTunnelIpv6Cidr",
	"ec2:InstanceAutoRecovery",
	"ec2:InstanceBandwidthWeighting",
	"ec2:InstanceCount",
	"ec2:InstanceID",
	"ec2:InstanceMarketType",
	"ec2:InstanceMatchCriteria",
	"ec2:InstanceMetadataTags",
	"ec2:InstancePlatform",
	"ec2:InstanceProfile",
	"ec2:InstanceType",
	"ec2:InternetGatewayID",
	"ec2:InterruptibleCapacityReservationId",
	"ec2:InterruptionType",
	"ec2:IpamPrefixListResolverTargetId",
	"ec2:Ipv4IpamPoolId",
	"ec2:Ipv6IpamPoolId",
	"ec2:IsInterruptible",
	"ec2:IsLaunchTemplateResource",
	"ec2:KeyPairName",
	"ec2:KeyPairType",
	"ec2:KmsKeyId",
	"ec2:LaunchTemplate",
	"ec2:Location",
	"ec2:ManagedResourceOperator",
	"ec2:MetadataHttpEndpoint",
	"ec2:MetadataHttpPutResponseHopLimit",
	"ec2:MetadataHttpTokens",
	"ec2:NetworkAclID",
	"ec2:NetworkInterfaceID",
	"ec2:NewInstanceProfile",
	"ec2:OutpostArn",
	"ec2:Owner",
	"ec2:ParentSnapshot",
	"ec2:ParentVolume",
	"ec2:Permission",
	"ec2:Phase1DHGroup",
	"ec2:Phase1EncryptionAlgorithms",
	"ec2:Phase1IntegrityAlgorithms",
	"ec2:Phase1LifetimeSeconds",
	"ec2:Phase2DHGroup",
	"ec2:Phase2EncryptionAlgorithms",
	"ec2:Phase2IntegrityAlgorithms",
	"ec2:Phase2LifetimeSeconds",
	"ec2:PlacementGroup",
	"ec2:PlacementGroupName",
	"ec2:PlacementGroupStrategy",
	"ec2:ProductCode",
	"ec2:Public",
	"ec2:PublicIpAddress",
	"ec2:Quantity",
	"ec2:Region",
	"ec2:RekeyFuzzPercentage",
	"ec2:RekeyMarginTimeSeconds",
	"ec2:Remove/group",
	"ec2:Remove/userId",
	"ec2:ReplayWindowSizePackets",
	"ec2:RequesterVpc",
	"ec2:ReservedInstancesOfferingType",
	"ec2:RoleDelivery",
	"ec2:RootDeviceType",
	"ec2:RouteTableID",
	"ec2:RoutingType",
	"ec2:SamlProviderArn",
	"ec2:SecurityGroupID",
	"ec2:ServerCertificateArn",
	"ec2:SnapshotCoolOffPeriod",
	"ec2:SnapshotID",
	"ec2:SnapshotLockDuration",
	"ec2:SnapshotTime",
	"ec2:SourceAvailabilityZone",
	"ec2:SourceCapacityReservationId",
	"ec2:SourceInstanceARN",
	"ec2:SourceOutpostArn",
	"ec2:Subnet",
	"ec2:SubnetID",
	"ec2:TargetInstanceCount",
	"ec2:Tenancy",
	"ec2:transitGatewayAttachmentId",
	"ec2:transitGatewayConnectPeerId",
	"ec2:transitGatewayId",
	"ec2:transitGatewayMeteringPolicyId",
	"ec2:transitGatewayMulticastDomainId",
	"ec2:transitGatewayPolicyTableId",
	"ec2:transitGatewayRouteTableAnnouncementId",
	"ec2:transitGatewayRouteTableId",
	"ec2:VolumeID",
	"ec2:VolumeInitializationRate",
	"ec2:VolumeIops",
	"ec2:VolumeSize",
	"ec2:VolumeThroughput",
	"ec2:VolumeType",
	"ec2:Vpc",
	"ec2:VpceMultiRegion",
	"ec2:VpcePrivateDnsPreference",
	"ec2:VpcePrivateDnsSpecifiedDomains",
	"ec2:VpceServiceName",
	"ec2:VpceServiceOwner",
	"ec2:VpceServicePrivateDnsName",
	"ec2:VpceServiceRegion",
	"ec2:VpceSupportedRegion",
	"ec2:VpcID",
	"ec2:VpcPeeringConnectionID",
};

/* These go on with the key of a tag or the name of an attribute. */
static const char *const families[] = {
	"aws:PrincipalTag/", "aws:RequestTag/",	 "aws:ResourceTag/",
	"ec2:Attribute/",    "ec2:ResourceTag/",
};

/* What the server says of every request. */
static const char *const always_there[] = {
	"aws:CurrentTime",     "aws:EpochTime",	    "aws:PrincipalAccount",
	"aws:PrincipalArn",    "aws:PrincipalType", "aws:RequestedRegion",
	"aws:SecureTransport", "aws:SourceIp",	    "aws:userid",
	"ec2:InstanceID",      "ec2:Region",
};

static bool is_one_of(const char *name, const char *const *list, size_t num)
{
	for (size_t i = 0; i < num; i++)
		if (iam_text_is(name, list[i], true))
			return true;
	return false;
}

static bool is_of_a_family(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		size_t len = strlen(families[i]);

		if (strlen(name) > len && strncasecmp(name, families[i], len) == 0)
			return true;
	}
	return false;
}

/* Letters, digits and - before the colon. */
static size_t service_len(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789-");

	return name[len] == ':' && name[len + 1] ? len : 0;
}

struct err *iam_key_check(const char *name)
{
	size_t len = service_len(name);

	for (const unsigned char *p = (const unsigned char *)name; *p; p++)
		if (*p < 0x20 || *p == 0x7f || strchr("${}*?", *p))
			return err_new(ERR_BAD_DATA,
				       "the name of a key has a character in it "
				       "that no key has");
	if (!len)
		return err_new(ERR_BAD_DATA, "a key is SERVICE:NAME, as in aws:SourceIp");
	if (len != 3 || (strncasecmp(name, "aws", 3) && strncasecmp(name, "ec2", 3)))
		return NULL;
	if (is_one_of(name, names, ARRAY_SIZE(names)) || is_of_a_family(name))
		return NULL;
	return err_new(ERR_BAD_DATA, "there is no condition key of this name");
}

bool iam_key_is_always_there(const char *name)
{
	return is_one_of(name, always_there, ARRAY_SIZE(always_there));
}

const struct iam_key *iam_request_find(const struct iam_request *r, const char *name)
{
	for (size_t i = 0; i < r->num_keys; i++)
		if (r->keys[i].num_values && iam_text_is(r->keys[i].name, name, true))
			return &r->keys[i];
	return NULL;
}
