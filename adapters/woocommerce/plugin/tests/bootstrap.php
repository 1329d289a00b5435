<?php
/**
 * Stand-ins for the few things of WordPress and WooCommerce that the plugin's own logic
 * touches. They keep values and decide nothing. The whole way runs in a real store.
 *
 * @package Pef_Refunds
 */

// phpcs:disable -- one file of tiny stand-ins.

define( 'ABSPATH', __DIR__ );
define( 'DB_NAME', 'tests' );
define( 'PEF_REFUNDS_FILE', dirname( __DIR__ ) . '/pef-refunds/pef-refunds.php' );
define( 'PEF_REFUNDS_VERSION', 'tests' );

/** What the stand-ins keep. */
final class World {
	public static $options  = array();
	public static $orders   = array();
	public static $webhooks = array();
	public static $sent     = array();
	public static $answer   = null;
	public static $seconds  = 0.0;
	public static $jobs     = array();

	public static function begin() {
		self::$options  = array(
			'pef_refunds_settings' => array(
				'address'         => 'https://pef.example',
				'payment_methods' => array( 'pagoefectivo' ),
			),
		);
		self::$orders   = array();
		self::$webhooks = array( 7 => new WC_Webhook( 7, 'action.woocommerce_refund_created', 'https://pef.example/webhooks/woocommerce/tienda' ) );
		self::$sent     = array();
		self::$jobs     = array();
		self::$answer   = null;
		Pef_Refunds\Connection::look_again();
		$waited = new ReflectionProperty( Pef_Refunds\Service::class, 'waited' );
		$waited->setAccessible( true );
		$waited->setValue( null, 0.0 );
	}

	public static function set( $name, $value ) {
		self::$options['pef_refunds_settings'][ $name ] = $value;
	}

	public static function order( $id, array $record = array(), $method = 'pagoefectivo' ) {
		$order                    = new WC_Order( $id );
		$order->payment_method    = $method;
		$order->meta['_pef_refunds'] = array( $record );
		return self::$orders[ $id ] = $order;
	}

	public static function refund( $order, $id, $amount ) {
		$refund          = new WC_Order_Refund( $id );
		$refund->parent  = $order->get_id();
		$refund->amount  = $amount;
		$order->refunds[] = $refund;
		return self::$orders[ $id ] = $refund;
	}
}

class WC_Data {
	public $id;
	public $meta  = array();
	public $saves = 0;
	public function __construct( $id ) { $this->id = $id; }
	public function get_id() { return $this->id; }
	public function get_meta( $key, $single = true ) {
		$values = $this->meta[ $key ] ?? array();
		if ( $single ) { return $values[0] ?? ''; }
		return array_map( static function ( $v ) { return (object) array( 'value' => $v ); }, $values );
	}
	public function update_meta_data( $key, $value ) { $this->meta[ $key ] = array( $value ); }
	public function add_meta_data( $key, $value ) { $this->meta[ $key ][] = $value; }
	public function delete_meta_data( $key ) { unset( $this->meta[ $key ] ); }
	public function save() { ++$this->saves; }
}
class WC_Order extends WC_Data {
	public $payment_method = '';
	public $refunds        = array();
	public $status         = 'processing';
	public function get_payment_method() { return $this->payment_method; }
	public function get_transaction_id() { return '11546901'; }
	public function get_refunds() { return $this->refunds; }
	public function get_status() { return $this->status; }
}
class WC_Order_Refund extends WC_Data {
	public $parent  = 0;
	public $amount  = '0';
	public $by_gateway = false;
	public $made    = null;
	public function get_parent_id() { return $this->parent; }
	public function get_amount() { return $this->amount; }
	public function get_refunded_payment() { return $this->by_gateway; }
	public function set_refunded_payment( $value ) { $this->by_gateway = $value; }
	public function get_date_created() { return $this->made; }
}
class WC_Webhook {
	private $id; private $topic; private $url;
	public function __construct( $id, $topic, $url ) { $this->id = $id; $this->topic = $topic; $this->url = $url; }
	public function get_topic() { return $this->topic; }
	public function get_delivery_url() { return $this->url; }
	public function get_status() { return 'active'; }
	public function generate_signature( $body ) { return base64_encode( hash_hmac( 'sha256', $body, 'secret', true ) ); }
}
class WC_Data_Store {
	public static function load( $name ) { return new self(); }
	public function search_webhooks( $args ) { return array_keys( World::$webhooks ); }
}
class WC_Payment_Gateway {
	public $id = ''; public $enabled = 'yes'; public $title = ''; public $method_title = ''; public $method_description = ''; public $settings = array(); public $supports = array( 'products' );
}
class WP_Error {
	private $message;
	public function __construct( $code, $message ) { $this->message = $message; }
	public function get_error_message() { return $this->message; }
}

function __( $text ) { return $text; }
function esc_html__( $text ) { return $text; }
function esc_html( $text ) { return htmlspecialchars( $text, ENT_QUOTES ); }
function esc_attr( $text ) { return htmlspecialchars( $text, ENT_QUOTES ); }
function get_option( $name, $default = false ) { return World::$options[ $name ] ?? $default; }
function untrailingslashit( $text ) { return rtrim( $text, '/' ); }
function admin_url( $path ) { return 'https://tienda.example/wp-admin/' . $path; }
function home_url( $path = '' ) { return 'https://tienda.example' . $path; }
function wc_get_order( $id ) { return World::$orders[ $id ] ?? false; }
function wc_get_webhook( $id ) { return World::$webhooks[ $id ] ?? null; }
function wp_json_encode( $value ) { return json_encode( $value ); }
function wp_strip_all_tags( $text ) { return strip_tags( $text ); }
function sanitize_key( $text ) { return preg_replace( '/[^a-z0-9_-]/', '', strtolower( $text ) ); }
function is_wp_error( $thing ) { return $thing instanceof WP_Error; }
function wp_remote_retrieve_body( $response ) { return $response['body']; }
function wp_remote_retrieve_response_code( $response ) { return $response['status']; }
function wp_remote_post( $url, $args ) {
	World::$sent[] = array( 'url' => $url ) + $args;
	return World::$answer;
}
function as_schedule_single_action( $when, $hook, $args, $group ) { World::$jobs[] = array( 'in' => $when - time(), 'args' => $args ); }
function WC() {
	return new class() {
		public function payment_gateways() { return (object) array( 'payment_gateways' => array() ); }
	};
}

spl_autoload_register(
	static function ( $name ) {
		$slug = strtolower( str_replace( '_', '-', substr( $name, strlen( 'Pef_Refunds\\' ) ) ) );
		$file = dirname( __DIR__ ) . '/pef-refunds/includes/class-' . $slug . '.php';
		if ( 0 === strpos( $name, 'Pef_Refunds\\' ) && is_readable( $file ) ) {
			require $file;
		}
	}
);
